//! Where a parameter is.

use std::fmt::{self, Debug, Display, Formatter};

/// Where a parameter is in a model: names with dots between them.
///
/// ```
/// use congruent::module::Path;
/// assert_eq!(Path::root().at("layers").position(3).at("weight").to_string(), "layers.3.weight");
/// ```
#[derive(Clone, Copy)]
pub struct Path<'a>(Option<(&'a Path<'a>, Segment<'a>)>);

#[derive(Clone, Copy)]
enum Segment<'a> {
    Name(&'a str),
    Position(usize),
}

impl Path<'_> {
    /// That of the whole model.
    ///
    /// ```
    /// use congruent::module::Path;
    /// assert_eq!(Path::root().to_string(), "");
    /// ```
    pub const fn root() -> Self {
        Path(None)
    }

    /// That of a field.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::module::Path;
    /// assert_eq!(Path::root().at("attention").at("weight").to_string(), "attention.weight");
    /// ```
    pub fn at<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path(Some((self, Segment::Name(name))))
    }

    /// That of an element of a list.
    ///
    /// ```
    /// use congruent::module::Path;
    /// assert_eq!(Path::root().at("layers").position(3).to_string(), "layers.3");
    /// ```
    pub fn position(&self, position: usize) -> Path<'_> {
        Path(Some((self, Segment::Position(position))))
    }
}

/// A path in a message. A tensor that is a model of its own has none, nor has one of the same name in a file.
pub(crate) fn quoted(path: impl Display) -> String {
    match path.to_string() {
        path if path.is_empty() => "the tensor without a name".to_owned(),
        path => format!("`{path}`"),
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some((parent, segment)) = self.0 else { return Ok(()) };
        if parent.0.is_some() {
            write!(f, "{parent}.")?;
        }
        match segment {
            Segment::Name(name) => f.write_str(name),
            Segment::Position(position) => write!(f, "{position}"),
        }
    }
}

impl Debug for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
