//! What JavaScript calls: functions of numbers, and places in memory.
//!
//! A text goes in by [`prompt_buffer`], and comes out at [`message`], of as many bytes as [`message_length`] says.

use crate::Vocab;
use crate::writer::{Settings, Writer};
use congruent::prelude::*;
use speak::{Heads, Positions, Speaker};
use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

#[derive(Default)]
struct Page {
    speaker: Option<Rc<Speaker<Vocab>>>,
    writer: Option<Writer>,
    prompt: Vec<u8>,
    message: String,
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

impl Page {
    fn begin(&mut self, seed: u64, temperature: f32) -> Result<(), Box<dyn Error>> {
        let prompt = std::str::from_utf8(&self.prompt)?;
        let speaker = match &self.speaker {
            Some(speaker) => speaker.clone(),
            None => self.speaker.insert(Rc::new(Writer::model()?)).clone(),
        };
        self.writer = Some(Writer::new(speaker, Settings { prompt, seed, temperature })?);
        Ok(())
    }

    fn letter(&mut self) -> Result<char, Box<dyn Error>> {
        Ok(self.writer.as_mut().ok_or("no text was begun")?.letter()?)
    }

    /// What `give` gives, or -1 and a message.
    fn number(&mut self, give: impl FnOnce(&mut Self) -> Result<i32, Box<dyn Error>>) -> i32 {
        give(self).unwrap_or_else(|error| {
            self.message = error.to_string();
            -1
        })
    }
}

fn with<R>(f: impl FnOnce(&mut Page) -> R) -> R {
    PAGE.with_borrow_mut(f)
}

/// A place for a prompt of so many bytes of UTF-8, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn prompt_buffer(length: usize) -> *mut u8 {
    with(|page| {
        page.prompt = vec![0; length];
        page.prompt.as_mut_ptr()
    })
}

/// Begins a text with the prompt: 0, or -1 and a message.
#[unsafe(no_mangle)]
pub extern "C" fn begin(seed: u64, temperature: f32) -> i32 {
    with(|page| page.number(|page| page.begin(seed, temperature).map(|()| 0)))
}

/// Writes the next letter: its code point, or -1 and a message.
#[unsafe(no_mangle)]
pub extern "C" fn letter() -> i32 {
    with(|page| page.number(|page| page.letter().map(|letter| letter as i32)))
}

/// The letters that the model has read and sees, from the first row of its attention on: how many, and the text as the message.
#[unsafe(no_mangle)]
pub extern "C" fn seen() -> usize {
    with(|page| {
        page.message = page.writer.as_ref().map(Writer::seen).unwrap_or_default();
        page.writer.as_ref().map_or(0, Writer::letters_read)
    })
}

/// How many layers the model has, once a text was begun.
#[unsafe(no_mangle)]
pub extern "C" fn layers() -> usize {
    with(|page| page.writer.as_ref().map_or(0, |writer| writer.attention().len()))
}

/// How many heads a layer has.
#[unsafe(no_mangle)]
pub extern "C" fn heads() -> usize {
    Heads.size()
}

/// How many letters the model sees at once: the side of the square of a head.
#[unsafe(no_mangle)]
pub extern "C" fn positions() -> usize {
    Positions.size()
}

/// The attention of a layer, as numbers of 32 bits: a square for each head. The names of the dimensions, of the heads, the queries
/// and the keys, are the message, a line each. Null where there is no such layer.
#[unsafe(no_mangle)]
pub extern "C" fn attention(layer: usize) -> *const f32 {
    with(|page| match page.writer.as_ref().and_then(|writer| writer.attention().get(layer)) {
        Some(attention) => {
            page.message = attention.names.join("\n");
            attention.weights.as_ptr()
        }
        None => std::ptr::null(),
    })
}

/// Where the message is.
#[unsafe(no_mangle)]
pub extern "C" fn message() -> *const u8 {
    with(|page| page.message.as_ptr())
}

/// How many bytes of UTF-8 the message has.
#[unsafe(no_mangle)]
pub extern "C" fn message_length() -> usize {
    with(|page| page.message.len())
}
