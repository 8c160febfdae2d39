//! Text as it comes.

use crate::Error;

/// Makes text of bytes that come piece by piece: what it gives is whole, and ends before a stop string.
///
/// A token may end inside a character, whose bytes are held back until it is whole; bytes that are not UTF-8
/// become U+FFFD, as in [`String::from_utf8_lossy`]. What may be the beginning of a stop string is
/// held back until that is clear. How the bytes are cut makes no difference to the text.
///
/// ```
/// use congruent::generate::TextStream;
/// let mut stream = TextStream::new(["\nUser:"])?;
/// assert_eq!(stream.push(b"na\xc3"), "na");
/// assert_eq!(stream.push(b"\xafve\nU"), "ïve");
/// assert_eq!(stream.push(b"ser: and more"), "");
/// assert_eq!(stream.stopped(), Some("\nUser:"));
/// # Ok::<(), congruent::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TextStream {
    stops: Vec<String>,
    /// Which of them was found.
    stopped: Option<usize>,
    /// The beginning of a character.
    bytes: Vec<u8>,
    /// What may be the beginning of a stop string.
    held: String,
}

impl TextStream {
    /// A text that ends where the first of these strings is complete, and does not have it; without any, one that ends
    /// when its bytes do.
    ///
    /// Where two are complete at once, the longer one counts.
    ///
    /// ```
    /// use congruent::generate::TextStream;
    /// assert!(TextStream::new(["\n\n", "User:"]).is_ok());
    /// assert!(TextStream::new([""]).is_err());
    /// ```
    ///
    /// # Errors
    /// One of them is empty.
    pub fn new(stops: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, Error> {
        let stops: Vec<String> = stops.into_iter().map(Into::into).collect();
        if stops.iter().any(String::is_empty) {
            let (expected, found) = ("a string that is not empty", "an empty one".to_owned());
            return Err(Error::Setting { setting: "stop", expected, found });
        }
        Ok(TextStream { stops, ..TextStream::default() })
    }

    /// Takes bytes, and gives the text that is now clear. After a stop string there is none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::TextStream;
    /// let mut stream = TextStream::new(["User:"])?;
    /// assert_eq!(stream.push(b"Yes. U"), "Yes. ");
    /// assert_eq!(stream.push(b"nder"), "Under");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn push(&mut self, bytes: &[u8]) -> String {
        if self.stopped.is_some() {
            return String::new();
        }
        self.bytes.extend(bytes);
        let taken = std::mem::take(&mut self.bytes);
        let mut rest = &taken[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.held.push_str(text);
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.held.push_str(&String::from_utf8_lossy(valid));
                    let Some(length) = error.error_len() else {
                        self.bytes = after.to_vec();
                        break;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    rest = &after[length..];
                }
            }
        }
        self.clear()
    }

    /// Gives what was held back, when there are no more bytes.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::TextStream;
    /// let mut stream = TextStream::new(["User:"])?;
    /// assert_eq!(stream.push(b"Yes. U"), "Yes. ");
    /// assert_eq!(stream.finish(), "U");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish(&mut self) -> String {
        if self.stopped.is_some() {
            return String::new();
        }
        if !std::mem::take(&mut self.bytes).is_empty() {
            self.held.push(char::REPLACEMENT_CHARACTER);
        }
        let mut text = self.clear();
        text.push_str(&std::mem::take(&mut self.held));
        text
    }

    /// The stop string that ended the text.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::TextStream;
    /// let mut stream = TextStream::new(["User:", "\n"])?;
    /// assert_eq!(stream.push(b"Yes.\nUser"), "Yes.");
    /// assert_eq!(stream.stopped(), Some("\n"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.map(|which| self.stops[which].as_str())
    }

    /// Takes out of the text that was held what no stop string can begin in.
    fn clear(&mut self) -> String {
        let found = self.stops.iter().enumerate().filter_map(|(which, stop)| {
            let start = self.held.find(stop)?;
            Some((start + stop.len(), start, which))
        });
        if let Some((_, start, which)) = found.min() {
            self.stopped = Some(which);
            self.held.truncate(start);
            return std::mem::take(&mut self.held);
        }
        let may_begin = |at: &usize| self.stops.iter().any(|stop| stop.starts_with(&self.held[*at..]));
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let first = self.held.len().saturating_sub(longest);
        let clear = (first..self.held.len()).filter(|at| self.held.is_char_boundary(*at)).find(may_begin);
        let held = self.held.split_off(clear.unwrap_or(self.held.len()));
        std::mem::replace(&mut self.held, held)
    }
}
