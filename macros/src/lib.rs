//! The procedural macros of `congruent`, which documents those that users call. These get the path of that crate as
//! their first token.

mod call;
mod dims;
mod einsum;
mod elements;
mod module;
mod pattern;
mod place;
mod rearrange;
mod to_engine;

use proc_macro::TokenStream;

/// Declares dimensions. Documented as `congruent::dims`.
#[proc_macro]
pub fn dims(input: TokenStream) -> TokenStream {
    expand(syn::parse(input).map(dims::expand), "C33")
}

/// Sums of products by a pattern. Documented as `congruent::einsum`.
#[proc_macro]
pub fn einsum(input: TokenStream) -> TokenStream {
    expand(syn::parse(input).and_then(einsum::expand), "C34")
}

/// Axes split, permuted and merged by a pattern. Documented as `congruent::rearrange`.
#[proc_macro]
pub fn rearrange(input: TokenStream) -> TokenStream {
    expand(syn::parse(input).and_then(rearrange::expand), "C34")
}

/// Parameters by path. Documented as `congruent::Module`.
#[proc_macro_derive(Module, attributes(module))]
pub fn module(input: TokenStream) -> TokenStream {
    expand(syn::parse(input).and_then(module::expand), "C43")
}

/// The numbers up to this one as names of dimensions: the items of `congruent::dim::numbers`.
#[proc_macro]
pub fn numbers(largest: TokenStream) -> TokenStream {
    let largest = syn::parse_macro_input!(largest as syn::LitInt);
    let number = |size: usize| {
        let (name, text) = (quote::format_ident!("U{size}"), format!("{size} as a dimension."));
        quote::quote! {
            #[doc = #text]
            pub type #name = N<#size>;
            #[doc = #text]
            pub const #name: N<#size> = N;
        }
    };
    let all = largest.base10_parse().map(|largest: usize| (0..=largest).map(number).collect());
    all.unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `let variable = value;`, where the variable stands. A part of `congruent::bind`.
#[proc_macro]
pub fn place(input: TokenStream) -> TokenStream {
    syn::parse(input).map(place::place).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `&variable`, where the variable stands. A part of `congruent::bind`.
#[proc_macro]
pub fn borrow(input: TokenStream) -> TokenStream {
    syn::parse(input).map(place::borrow).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The expansion, or the error with its entry in the index of `congruent::errors`.
fn expand(expansion: syn::Result<proc_macro2::TokenStream>, code: &str) -> TokenStream {
    let explain = |error: syn::Error| {
        let message = format!(
            "{error}\nexplained in `congruent::errors::{code}`: https://docs.rs/congruent/latest/congruent/errors/{code}/"
        );
        syn::Error::new(error.span(), message).into_compile_error()
    };
    expansion.unwrap_or_else(explain).into()
}
