//! Arrays that could not be made.

use crate::array::Array;
use crate::interface::is_flex;
use congruent::backend::Failure;
use std::hint::black_box;
use std::sync::Arc;

/// What is smaller is asked for without a question.
const LARGE: usize = 1 << 30;

impl Array {
    /// Why there are no elements, if that is known by now.
    pub fn failure(&self) -> Option<Failure> {
        self.failed().map(|failure| Failure::clone(failure))
    }

    /// The array, or the failure of another that it is calculated of.
    pub(crate) fn calculated_of<'a>(self, others: impl IntoIterator<Item = &'a Array>) -> Array {
        match others.into_iter().find_map(Array::failed).filter(|_| self.failed().is_none()) {
            Some(failure) => self.failing(failure.clone()),
            None => self,
        }
    }

    /// The array that an operation is about to make, or a failure, if the processor has no memory for it: there, a request for
    /// memory that is refused ends the program. Other devices say by themselves what they could not do.
    pub(crate) fn with_room(self, operation: &str) -> Array {
        if self.failed().is_some() || !is_flex(self.place()) || self.sizes().contains(&0) {
            return self;
        }
        let bytes = self.sizes().iter().try_fold(self.dtype().size(), |bytes, &size| bytes.checked_mul(size));
        // Asked for and given back, which costs nothing before it is written to.
        let is_refused = |bytes: usize| black_box(&mut Vec::<u8>::new()).try_reserve_exact(bytes).is_err();
        let reason = match bytes {
            Some(bytes) if bytes > LARGE && is_refused(bytes) => format!("there is no memory for {bytes} bytes"),
            Some(_) => return self,
            None => format!("more bytes than can be counted, of sizes {:?}", self.sizes()),
        };
        let (operation, device) = (operation.to_owned(), self.device().to_string());
        self.failing(Arc::new(Failure { operation, device, reason }))
    }
}
