//! The call that a macro with a pattern stands for.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

/// A call of the function that `items` declare, with these tensors. All of it stands at the pattern, so that messages
/// point there, and not at the macro. The tensors are evaluated outside, where the items have no names.
pub fn call_with(items: TokenStream, function: &str, pattern: Span, tensors: &[Expr]) -> TokenStream {
    let function = Ident::new(function, pattern);
    // One token of the user's, so that the argument is what a message marks.
    let arguments = tensors.iter().enumerate().map(|(i, tensor)| format_ident!("__tensor_{i}", span = tensor.span()));
    let arguments: Vec<_> = arguments.collect();
    let items = respan(items, pattern);
    let call = quote_spanned!(pattern => { #items #function(#(#arguments),*) });
    // In parentheses, whatever the expression is.
    let borrowed = tensors.iter().map(|tensor| quote!(&(#tensor)));
    quote_spanned!(pattern => {
        #[allow(unused_parens)]
        match (#(#borrowed,)*) {
            (#(#arguments,)*) => #call
        }
    })
}

/// The tokens as if they stood at `span`: a message about them points there, and not at the macro.
pub fn respan(tokens: TokenStream, span: Span) -> TokenStream {
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
