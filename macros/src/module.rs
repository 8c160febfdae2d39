//! `#[derive(Module)]`.

use crate::elements::elements;
use crate::to_engine;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Generics, Ident, LitStr, Path, Result, Type, TypeParam};

/// The implementation of `Module` for a structure, or for an enumeration of alternatives.
pub fn expand(input: DeriveInput) -> Result<TokenStream> {
    let options = Options::parse(&input.attrs, &["backend", "debug"])?;
    let parameter = input.generics.type_params().find(|parameter| is_backend(parameter));
    let declared = parameter.map(|found| &found.ident);
    let backends: Vec<TokenStream> = match (&options.backends[..], declared) {
        ([], Some(declared)) => vec![declared.to_token_stream()],
        ([], None) => vec![quote!(::congruent::Cpu<f32>)],
        (given, _) => given.iter().map(Path::to_token_stream).collect(),
    };
    let elements = elements(&input.generics, parameter, &options.backends)?;
    let variants = variants(&input)?;
    let to_engine = declared.map(|declared| to_engine::expand(&input, &variants, declared)).transpose()?;

    let mut generics = with_dimensions(&input.generics);
    if let Some(declared) = declared {
        let float = syn::parse_quote!(<#declared as ::congruent::backend::Backend>::Elem: ::congruent::backend::Float);
        generics.make_where_clause().predicates.push(float);
    }
    let (name, (parameters, _, bounds)) = (&input.ident, generics.split_for_impl());
    let (_, arguments, _) = input.generics.split_for_impl();
    let mut modules = TokenStream::new();
    for (backend, element) in backends.iter().zip(elements) {
        let arms = |method: &str| -> Result<TokenStream> {
            variants.iter().map(|(name, fields)| arm(name, fields, backend, &backends, method)).collect()
        };
        let (shown, changed) = (arms("visit")?, arms("visit_mut")?);
        modules.extend(quote! {
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl #parameters ::congruent::Module<#backend #element> for #name #arguments #bounds {
                #[allow(unused_variables)]
                fn visit(
                    &self,
                    path: &::congruent::module::Path<'_>,
                    visitor: &mut dyn ::core::ops::FnMut(::congruent::module::Parameter<'_, #backend>),
                ) {
                    match self { #shown }
                }
                #[allow(unused_variables)]
                fn visit_mut(
                    &mut self,
                    path: &::congruent::module::Path<'_>,
                    visitor: &mut dyn ::core::ops::FnMut(::congruent::module::ParameterMut<'_, #backend>),
                ) {
                    match self { #changed }
                }
            }
        });
    }
    let debug = options.debug.then(|| {
        quote! {
            #[automatically_derived]
            impl #parameters ::core::fmt::Debug for #name #arguments #bounds {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    let mut shown = f.debug_struct(::core::stringify!(#name));
                    #(::congruent::module::show::<#backends>(self, &mut shown);)*
                    shown.finish()
                }
            }
        }
    });
    Ok(quote!(#modules #debug #to_engine))
}

/// The parameters of a type as those of an implementation: one without bounds is a dimension.
pub(crate) fn with_dimensions(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.default = None;
        if parameter.bounds.is_empty() {
            parameter.bounds.push(syn::parse_quote!(::congruent::dim::Dim));
        }
    }
    generics
}

/// The alternatives of a type, each with its path: one of a structure.
fn variants(input: &DeriveInput) -> Result<Vec<(TokenStream, &Fields)>> {
    let name = &input.ident;
    Ok(match &input.data {
        Data::Struct(data) => vec![(quote!(#name), &data.fields)],
        Data::Enum(data) => {
            let path = |variant: &Ident| quote!(#name::#variant);
            data.variants.iter().map(|found| (path(&found.ident), &found.fields)).collect()
        }
        Data::Union(data) => return Err(Error::new(data.union_token.span, "a union is not a module")),
    })
}

/// Whether a type parameter is the backend, by its bounds.
fn is_backend(parameter: &TypeParam) -> bool {
    has_bound(parameter, "Backend")
}

/// Whether a bound of a type parameter is a trait of this name.
pub(crate) fn has_bound(parameter: &TypeParam, name: &str) -> bool {
    parameter.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    })
}

/// The arm of one alternative: each field that is not skipped and is of this backend, by the name that its path has.
fn arm(
    name: &TokenStream,
    fields: &Fields,
    backend: &TokenStream,
    backends: &[TokenStream],
    method: &str,
) -> Result<TokenStream> {
    // What is wrapped has the path of the wrapper.
    let is_wrapper = matches!(fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    let (mut patterns, mut calls) = (TokenStream::new(), TokenStream::new());
    for (i, field) in fields.iter().enumerate() {
        let options = Options::of_field(field)?;
        if options.skip {
            if let Some(buffer) = options.buffer {
                return Err(Error::new(buffer, "a field that is skipped is neither saved nor loaded, and no buffer"));
            }
            continue;
        }
        let own: Vec<String> = options.backends.iter().map(|own| own.to_token_stream().to_string()).collect();
        for (own, path) in own.iter().zip(&options.backends) {
            if !backends.iter().any(|backend| backend.to_string() == *own) {
                return Err(Error::new_spanned(path, "the type does not name this backend: `#[module(backend = ..)]`"));
            }
        }
        if !own.is_empty() && !own.contains(&backend.to_string()) {
            continue;
        }
        let variable = format_ident!("field_{i}", span = Span::mixed_site());
        let member = match &field.ident {
            Some(name) => name.to_token_stream(),
            None => syn::Index::from(i).to_token_stream(),
        };
        patterns.extend(quote!(#member: #variable,));
        let path = match (&options.name, is_wrapper) {
            (None, true) => quote!(path),
            (Some(name), _) if name.is_empty() => quote!(path),
            (name, _) => {
                let name = name.clone().unwrap_or_else(|| name_of(field, i));
                quote!(&path.at(#name))
            }
        };
        let visitor = match options.buffer {
            Some(_) => quote!(&mut |parameter| visitor(parameter.into_buffer())),
            None => quote!(visitor),
        };
        calls.extend(call(&field.ty, backend, method, &variable, &[path, visitor]));
    }
    Ok(quote!(#name { #patterns .. } => { #calls }))
}

/// The call for one field. It stands at the type of the field, so that a message about that points there.
fn call(ty: &Type, backend: &TokenStream, method: &str, variable: &Ident, given: &[TokenStream; 2]) -> TokenStream {
    let (method, span) = (format_ident!("{method}"), ty.span());
    quote_spanned!(span => <#ty as ::congruent::Module<#backend>>::#method(#variable, #(#given),*);)
}

fn name_of(field: &Field, position: usize) -> String {
    let ident = field.ident.as_ref().map(|name| name.to_string().trim_start_matches("r#").to_owned());
    ident.unwrap_or_else(|| position.to_string())
}

/// What stands in `#[module(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    skip: bool,
    buffer: Option<Span>,
    debug: bool,
    name: Option<String>,
    pub(crate) backends: Vec<Path>,
}

impl Options {
    pub(crate) fn of_field(field: &Field) -> Result<Self> {
        Options::parse(&field.attrs, &["skip", "name", "buffer", "backend"])
    }

    fn parse(attributes: &[syn::Attribute], allowed: &[&str]) -> Result<Self> {
        let mut options = Options::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("module")) {
            attribute.parse_nested_meta(|meta| {
                let is = |name| meta.path.is_ident(name) && allowed.contains(&name);
                if is("skip") {
                    options.skip = true;
                } else if is("buffer") {
                    options.buffer = Some(meta.path.span());
                } else if is("debug") {
                    options.debug = true;
                } else if is("name") {
                    options.name = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if is("backend") {
                    options.backends.push(meta.value()?.parse()?);
                } else {
                    let list = allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
                    return Err(meta.error(format!("expected {list}")));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}
