//! Where the lifetime of a `bind!` comes from.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Result;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

/// The crate, and the variable of the binding.
pub struct Place {
    krate: Ident,
    variable: Ident,
}

impl Parse for Place {
    fn parse(input: ParseStream) -> Result<Self> {
        Ok(Place { krate: input.call(Ident::parse_any)?, variable: input.parse()? })
    }
}

/// Two statements: the place, in a variable of that name, and its brand.
///
/// The variable and its borrow stand where the user wrote the name, so that a binding which leaves its
/// turn of a loop is reported as "`seq` does not live long enough". What is unsafe stands in the macro.
pub fn expand(Place { krate, variable }: Place) -> TokenStream {
    let brand = Ident::new("brand", Span::mixed_site());
    // SAFETY: `bind!` makes one guard of the place and shadows it.
    let place = quote!(unsafe { #krate::__private::Place::new() });
    let variable_is = quote_spanned!(variable.span() => let #variable =);
    let borrowed = quote_spanned!(variable.span() => &#variable);
    quote! {
        #variable_is #place;
        #[allow(unused)]
        let #brand = #krate::__private::Brand::new(#borrowed);
    }
}
