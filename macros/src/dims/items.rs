//! The items that a declaration becomes.

use super::size::Number;
use super::{Declaration, Size};
use crate::call::respan;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

impl Declaration {
    pub(super) fn expand(&self, krate: &Ident) -> TokenStream {
        let items = match &self.size {
            Size::Static(number) => self.expand_static(krate, number),
            Size::Runtime => self.expand_runtime(krate),
            Size::Once => self.expand_once(krate),
        };
        // `cfg` has to stand on every item.
        let conditions: Vec<_> = self.attributes.iter().filter(|a| a.path().is_ident("cfg")).collect();
        items.into_iter().map(|item| quote!(#(#conditions)* #item)).collect()
    }

    /// The attributes, with a documentation if there is none.
    fn head(&self, kind: &str) -> TokenStream {
        let attributes: Vec<_> = self.attributes.iter().filter(|a| !a.path().is_ident("cfg")).collect();
        let documentation = (!self.attributes.iter().any(|a| a.path().is_ident("doc"))).then(|| {
            let text = format!("The {kind} dimension `{}`.", self.name.unraw());
            let in_types = matches!(self.size, Size::Runtime).then(|| {
                "\n\nIn the types of results and structures a type parameter stands for it: `congruent::errors::C59`."
            });
            let text = text + in_types.unwrap_or_default();
            quote!(#[doc = #text])
        });
        quote!(#documentation #(#attributes)*)
    }

    /// The struct. It stands where its name does, so that a message about the dimension points there.
    fn item(&self, body: TokenStream) -> TokenStream {
        let Declaration { visibility, name, .. } = self;
        let body = respan(body, name.span());
        quote_spanned!(name.span() => #[allow(dead_code)] #visibility struct #name #body)
    }

    /// The name as a value, of a dimension that has none before it has a size.
    fn no_size_yet(&self, krate: &Ident, dimension: TokenStream) -> TokenStream {
        let Declaration { visibility, name, .. } = self;
        quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals, dead_code)]
            #visibility const #name: #krate::dim::NoSizeYet<#dimension> = #krate::dim::NoSizeYet::VALUE;
        }
    }

    fn expand_static(&self, krate: &Ident, number: &Number) -> Vec<TokenStream> {
        let name = &self.name;
        let text = name.unraw().to_string();
        let item = self.item(quote!(;));
        let head = self.head("static");
        let size = number.typenum(krate);
        let declared = matches!(number, Number::Product(_)).then(|| number.factors(quote!(__Inside), krate)).flatten();
        let factors = declared.unwrap_or_else(
            || quote!(#krate::dim::Factor<#krate::dim::Named<Self>, <Self as #krate::dim::Normal>::Size, __Inside>),
        );
        // A literal is a number of 64 bits as it was read.
        let is_countable = matches!(number, Number::Sum(_) | Number::Product(_))
            .then(|| respan(quote!(const _: fn() = #krate::dim::countable::<#name>;), name.span()));
        let mut items = vec![
            quote! {
                #head
                #item
            },
            // Written out: what `derive` makes takes the compiler a quarter longer, and a program has many dimensions.
            quote! { impl ::core::clone::Clone for #name { fn clone(&self) -> Self { *self } } },
            quote! { impl ::core::marker::Copy for #name {} },
            quote! { impl ::core::default::Default for #name { fn default() -> Self { #name } } },
            quote! { impl ::core::cmp::PartialEq for #name { fn eq(&self, _: &Self) -> ::core::primitive::bool { true } } },
            quote! { impl ::core::cmp::Eq for #name {} },
            quote! { impl ::core::hash::Hash for #name { fn hash<__H: ::core::hash::Hasher>(&self, _: &mut __H) {} } },
            quote! {
                impl ::core::fmt::Debug for #name {
                    fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! {
                #[diagnostic::do_not_recommend]
                unsafe impl #krate::dim::Dim for #name {
                    fn size(self) -> ::core::primitive::usize {
                        <Self as #krate::dim::StaticDim>::SIZE
                    }
                    fn write_name(__f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Whole for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Filled for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Dense for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Normal for #name { type Size = #size; type Factors<__Inside> = #factors; } },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::StaticDim for #name { type Number = <Self as #krate::dim::Normal>::Size; } },
        ];
        items.extend(is_countable);
        items
    }

    fn expand_runtime(&self, krate: &Ident) -> Vec<TokenStream> {
        let Declaration { visibility, name, .. } = self;
        let (head, text) = (self.head("run-time"), name.unraw().to_string());
        let item = self.item(quote! {
            <'id, Variable = #krate::dim::Unnamed> {
                size: #krate::dim::Branded<'id, Variable>,
            }
        });
        let with = format!("Calls the function with a fresh `{text}` of this size.");
        vec![
            quote! {
                #head
                #item
            },
            quote! {
                impl<__Variable> ::core::clone::Clone for #name<'_, __Variable> {
                    fn clone(&self) -> Self {
                        *self
                    }
                }
            },
            quote! { impl<__Variable> ::core::marker::Copy for #name<'_, __Variable> {} },
            quote! {
                impl<__Variable> ::core::fmt::Debug for #name<'_, __Variable> {
                    fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! {
                #[diagnostic::do_not_recommend]
                unsafe impl<__Variable> #krate::dim::Dim for #name<'_, __Variable> {
                    fn size(self) -> ::core::primitive::usize {
                        self.size.size()
                    }
                    fn write_name(__f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! { #[diagnostic::do_not_recommend] unsafe impl<__Variable> #krate::dim::Whole for #name<'_, __Variable> {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl<__Variable> #krate::dim::Filled for #name<'_, __Variable> {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl<__Variable> #krate::dim::Dense for #name<'_, __Variable> {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl<__Variable> #krate::dim::Normal for #name<'_, __Variable> { type Size = Self; type Factors<__Inside> = #krate::dim::Factor<#krate::dim::Named<Self>, Self, __Inside>; } },
            quote! {
                #[diagnostic::do_not_recommend]
                unsafe impl<__Name> #krate::dim::RuntimeDim for #name<'_, __Name> {
                    type At<'id, __Variable> = #name<'id, __Variable>;
                    fn bind<'id, __Variable>(__size: ::core::primitive::usize, __guard: #krate::dim::Guard<'id>) -> #name<'id, __Variable> {
                        #name { size: #krate::dim::Branded::new(__size, __guard) }
                    }
                }
            },
            quote! {
                #[allow(dead_code)]
                impl #name<'_> {
                    #[doc = #with]
                    #visibility fn with<__R>(__size: ::core::primitive::usize, __scope: impl for<'id> ::core::ops::FnOnce(#name<'id>) -> __R) -> __R {
                        #krate::__private::make_guard!(__guard);
                        __scope(<#name<'_> as #krate::dim::RuntimeDim>::bind(__size, __guard))
                    }
                }
            },
            self.no_size_yet(krate, quote!(#name<'static>)),
        ]
    }

    fn expand_once(&self, krate: &Ident) -> Vec<TokenStream> {
        let Declaration { visibility, name, .. } = self;
        let (head, text) = (self.head("set-once"), name.unraw().to_string());
        let item = self.item(quote!({ token: #krate::dim::Token<Self>, }));
        vec![
            quote! {
                #head
                #[derive(
                    ::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash,
                )]
                #item
            },
            quote! {
                impl ::core::fmt::Debug for #name {
                    fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! {
                #[diagnostic::do_not_recommend]
                unsafe impl #krate::dim::Dim for #name {
                    fn size(self) -> ::core::primitive::usize {
                        Self::cell().size()
                    }
                    fn write_name(__f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#text)
                    }
                }
            },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Whole for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Filled for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Dense for #name {} },
            quote! { #[diagnostic::do_not_recommend] unsafe impl #krate::dim::Normal for #name { type Size = Self; type Factors<__Inside> = #krate::dim::Factor<#krate::dim::Named<Self>, Self, __Inside>; } },
            quote! {
                #[allow(dead_code)]
                impl #name {
                    fn cell() -> &'static #krate::dim::SetOnce<Self> {
                        static CELL: #krate::dim::SetOnce<#name> = unsafe { #krate::dim::SetOnce::new(#text) };
                        &CELL
                    }
                    /// Sets the size, for the whole program.
                    ///
                    /// # Errors
                    /// It has been set to another size.
                    #visibility fn set(__size: ::core::primitive::usize) -> ::core::result::Result<Self, #krate::Error> {
                        Self::cell().set(__size).map(|__token| Self { token: __token })
                    }
                    /// The dimension, if its size has been set.
                    #visibility fn get() -> ::core::option::Option<Self> {
                        Self::cell().get().map(|__token| Self { token: __token })
                    }
                }
            },
            self.no_size_yet(krate, quote!(#name)),
        ]
    }
}
