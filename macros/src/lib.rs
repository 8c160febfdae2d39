//! The procedural macros of `congruent`, which documents them. Each is called with the path of that
//! crate as its first token.

mod dims;
mod einsum;
mod pattern;
mod place;
mod rearrange;

use proc_macro::TokenStream;
use proc_macro2::{Group, Span, TokenTree};

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

/// `let variable = Place::new()` and its brand, where the variable stands. A part of `congruent::bind`.
#[proc_macro]
pub fn place(input: TokenStream) -> TokenStream {
    syn::parse(input).map(place::expand).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The expansion, or the error with its entry in the index of `congruent::errors`.
fn expand(expansion: syn::Result<proc_macro2::TokenStream>, code: &str) -> TokenStream {
    let explain = |error: syn::Error| {
        let message = format!("{error}\nexplained in `congruent::errors::{code}`");
        syn::Error::new(error.span(), message).into_compile_error()
    };
    expansion.unwrap_or_else(explain).into()
}

/// The tokens as if they stood at `span`: a message about them points there, and not at the macro.
fn respan(tokens: proc_macro2::TokenStream, span: Span) -> proc_macro2::TokenStream {
    let respan_one = |token| {
        let mut token = match token {
            TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), respan(group.stream(), span))),
            // The span of `$crate` says which crate that is.
            TokenTree::Ident(ident) if ident == "$crate" => return TokenTree::Ident(ident),
            other => other,
        };
        token.set_span(span);
        token
    };
    tokens.into_iter().map(respan_one).collect()
}
