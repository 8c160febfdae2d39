//! The procedural macros of `congruent`, which documents them. Each is called with the path of that
//! crate as its first token.

mod dims;
mod einsum;
mod pattern;
mod rearrange;

use proc_macro::TokenStream;

/// Declares dimensions. Documented as `congruent::dims`.
#[proc_macro]
pub fn dims(input: TokenStream) -> TokenStream {
    syn::parse::<dims::Dims>(input).map(dims::expand).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Sums of products by a pattern. Documented as `congruent::einsum`.
#[proc_macro]
pub fn einsum(input: TokenStream) -> TokenStream {
    syn::parse(input).and_then(einsum::expand).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Axes split, permuted and merged by a pattern. Documented as `congruent::rearrange`.
#[proc_macro]
pub fn rearrange(input: TokenStream) -> TokenStream {
    syn::parse(input).and_then(rearrange::expand).unwrap_or_else(|error| error.into_compile_error()).into()
}
