//! What `bind!` writes as if the user had written it: a variable and its borrow.
//!
//! A binding that leaves its turn of a loop is so reported as "`seq` does not live long enough". Neither macro makes
//! anything unsafe: the value, unsafe or not, is the caller's.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Result;
use syn::parse::{Parse, ParseStream};

/// A variable, and the value that it gets.
pub struct Place {
    variable: Ident,
    value: TokenStream,
}

impl Parse for Place {
    fn parse(input: ParseStream) -> Result<Self> {
        Ok(Place { variable: input.parse()?, value: input.parse()? })
    }
}

/// `let variable = value;`, where the variable stands.
pub fn place(Place { variable, value }: Place) -> TokenStream {
    quote_spanned!(variable.span() => let #variable = #value;)
}

/// `&variable`, where the variable stands.
pub fn borrow(variable: Ident) -> TokenStream {
    quote_spanned!(variable.span() => &#variable)
}
