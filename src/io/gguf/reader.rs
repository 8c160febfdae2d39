//! Bytes in order, and the end of them.

use crate::io::LoadError;

/// How deep arrays may lie in arrays. Files have one level; a bound keeps a hostile one off the stack.
const DEEPEST: usize = 8;

/// A file that is not what it should be.
pub(super) fn format(reason: impl Into<String>) -> LoadError {
    LoadError::Format(reason.into())
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Boolean,
    Text,
    Array,
    U64,
    I64,
    F64,
}

/// Where a value lies, which was read once.
pub(super) struct Place {
    pub kind: Kind,
    pub start: usize,
}

impl Kind {
    /// How many bytes a value has, if all have as many.
    fn size(self) -> Option<u64> {
        match self {
            Kind::U8 | Kind::I8 | Kind::Boolean => Some(1),
            Kind::U16 | Kind::I16 => Some(2),
            Kind::U32 | Kind::I32 | Kind::F32 => Some(4),
            Kind::U64 | Kind::I64 | Kind::F64 => Some(8),
            Kind::Text | Kind::Array => None,
        }
    }
}

/// A value of the metadata.
pub(super) enum Value<'a> {
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Text(&'a [u8]),
    Array(Array<'a>),
}

/// An array whose elements lie in the bytes.
pub(super) struct Array<'a> {
    pub kind: Kind,
    pub count: u64,
    elements: Reader<'a>,
}

impl<'a> Array<'a> {
    pub fn values(self) -> impl Iterator<Item = Result<Value<'a>, LoadError>> {
        let Array { kind, count, mut elements } = self;
        (0..count).map(move |_| elements.value(kind))
    }
}

/// Bytes that are read from the first to the last.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// In how many arrays this is.
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, position: 0, depth: 0 }
    }

    /// From `position` on, which lies in the bytes.
    pub fn at(bytes: &'a [u8], position: usize) -> Self {
        Reader { bytes, position, depth: 0 }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn take(&mut self, count: u64) -> Result<&'a [u8], LoadError> {
        let rest = &self.bytes[self.position..];
        let taken = usize::try_from(count).ok().and_then(|count| rest.get(..count));
        let taken = taken.ok_or_else(|| {
            format(format!("it ends inside its header: {count} bytes at {}, of {}", self.position, self.bytes.len()))
        })?;
        self.position += taken.len();
        Ok(taken)
    }

    fn number<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], LoadError> {
        Ok(self.take(SIZE as u64)?.try_into().expect("as many bytes as were asked for"))
    }

    pub fn u32(&mut self) -> Result<u32, LoadError> {
        self.number().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, LoadError> {
        self.number().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a [u8], LoadError> {
        let length = self.u64()?;
        self.take(length)
    }

    /// The name of a value or a tensor.
    pub fn name(&mut self) -> Result<&'a str, LoadError> {
        let start = self.position;
        std::str::from_utf8(self.text()?).map_err(|_| format(format!("the name at {start} is not UTF-8")))
    }

    pub fn kind(&mut self) -> Result<Kind, LoadError> {
        use Kind::*;
        let kinds = [U8, I8, U16, I16, U32, I32, F32, Boolean, Text, Array, U64, I64, F64];
        let number = self.u32()?;
        let kind = kinds.get(number as usize).copied();
        kind.ok_or_else(|| format(format!("there is no kind of metadata {number}, at {}", self.position - 4)))
    }

    /// The value, with the elements of an array passed over and checked to be there.
    pub fn value(&mut self, kind: Kind) -> Result<Value<'a>, LoadError> {
        Ok(match kind {
            Kind::U8 => Value::Integer(u8::from_le_bytes(self.number()?).into()),
            Kind::I8 => Value::Integer(i8::from_le_bytes(self.number()?).into()),
            Kind::U16 => Value::Integer(u16::from_le_bytes(self.number()?).into()),
            Kind::I16 => Value::Integer(i16::from_le_bytes(self.number()?).into()),
            Kind::U32 => Value::Integer(self.u32()?.into()),
            Kind::I32 => Value::Integer(i32::from_le_bytes(self.number()?).into()),
            Kind::U64 => Value::Integer(self.u64()?.into()),
            Kind::I64 => Value::Integer(i64::from_le_bytes(self.number()?).into()),
            Kind::F32 => Value::Float(f32::from_le_bytes(self.number()?).into()),
            Kind::F64 => Value::Float(f64::from_le_bytes(self.number()?)),
            Kind::Boolean => match self.number()? {
                [0] => Value::Boolean(false),
                [1] => Value::Boolean(true),
                [other] => return Err(format(format!("{other} stands for a boolean, at {}", self.position - 1))),
            },
            Kind::Text => Value::Text(self.text()?),
            Kind::Array => Value::Array(self.array()?),
        })
    }

    fn array(&mut self) -> Result<Array<'a>, LoadError> {
        let (kind, count) = (self.kind()?, self.u64()?);
        let mut elements = Reader { depth: self.depth + 1, ..self.clone() };
        if elements.depth > DEEPEST {
            return Err(format(format!("arrays lie in arrays more than {DEEPEST} deep, at {}", self.position)));
        }
        let array = Array { kind, count, elements: elements.clone() };
        match kind.size() {
            // A count that overflows is past the end, too.
            Some(size) => drop(elements.take(count.saturating_mul(size))?),
            None => {
                for _ in 0..count {
                    elements.value(kind)?;
                }
            }
        }
        self.position = elements.position;
        Ok(array)
    }
}
