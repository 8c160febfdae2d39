//! `ToEngine` and `CastTo`, which `#[derive(Module)]` implements for a type whose backend is a parameter.

use crate::module::{Options, has_bound, with_dimensions};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Fields, GenericParam, Ident, Result, Type, WherePredicate, parse2};

/// Which backend a type gets.
#[derive(Clone, Copy)]
enum Way {
    /// One of the same elements, on another engine.
    ToEngine,
    /// One of other elements, on the same engine.
    Cast,
}

/// The implementations for a type with this backend.
pub fn expand(input: &DeriveInput, variants: &[(TokenStream, &Fields)], backend: &Ident) -> Result<TokenStream> {
    let [to_engine, cast] = [Way::ToEngine, Way::Cast].map(|way| expand_way(way, input, variants, backend));
    Ok([to_engine?, cast?].into_iter().collect())
}

fn expand_way(
    way: Way,
    input: &DeriveInput,
    variants: &[(TokenStream, &Fields)],
    backend: &Ident,
) -> Result<TokenStream> {
    let other = format_ident!("__{backend}");
    let (name_of_trait, method, [parameter, device]) = match way {
        Way::ToEngine => {
            let device = quote!(device: &::congruent::backend::DeviceOf<#other>);
            (quote!(::congruent::module::ToEngine), quote!(transferred), [quote!(, #device), quote!(, device)])
        }
        Way::Cast => (quote!(::congruent::module::CastTo), quote!(cast_to), [TokenStream::new(), TokenStream::new()]),
    };
    // A parameter that is a module becomes what it is on the other engine.
    let modules: Vec<Ident> =
        input.generics.type_params().filter(|x| has_bound(x, "Module")).map(|x| x.ident.clone()).collect();
    let mut replaced: Vec<(Ident, TokenStream)> = vec![(backend.clone(), other.to_token_stream())];
    let trait_ = quote!(#name_of_trait<#other>);
    replaced.extend(modules.iter().map(|module| (module.clone(), quote!(<#module as #trait_>::On))));
    let there = |tokens: TokenStream| replace(tokens, &replaced);
    let depends = |ty: &Type| replaced.iter().any(|(name, _)| mentions(ty.to_token_stream(), name));

    let mut generics = with_dimensions(&input.generics);
    let mut clauses: Vec<WherePredicate> = Vec::new();
    let declared = generics.type_params().find(|parameter| parameter.ident == *backend).expect("it was found there");
    let bounds = there(declared.bounds.to_token_stream());
    let of_own = |item: Ident| quote!(<#backend as ::congruent::backend::Backend>::#item);
    let same = match way {
        Way::ToEngine => {
            let elem = of_own(format_ident!("Elem"));
            quote!(Elem = #elem)
        }
        Way::Cast => {
            let engine = of_own(format_ident!("Engine"));
            quote!(Engine = #engine, Elem: ::congruent::backend::Float)
        }
    };
    clauses.push(parse2(quote!(#other: #bounds))?);
    clauses.push(parse2(quote!(#other: ::congruent::backend::Backend<#same>))?);
    for parameter in generics.type_params().filter(|parameter| modules.contains(&parameter.ident)) {
        let (module, bounds) = (&parameter.ident, there(parameter.bounds.to_token_stream()));
        clauses.push(parse2(quote!(#module: #trait_))?);
        clauses.push(parse2(quote!(<#module as #trait_>::On: #bounds))?);
    }
    for clause in generics.where_clause.iter().flat_map(|clauses| &clauses.predicates) {
        clauses.push(parse2(there(clause.to_token_stream()))?);
    }
    let own_names = [input.ident.clone(), format_ident!("Self")];
    let is_recursive = |ty: &Type| own_names.iter().any(|name| mentions(ty.to_token_stream(), name));
    // A field of one backend goes to what that becomes, as of other elements on the same engine.
    let goes_to = |field: &Field| {
        let backends = Options::of_field(field)?.backends;
        Ok::<_, Error>(match &backends[..] {
            [own] => there(own.to_token_stream()),
            _ => other.to_token_stream(),
        })
    };
    for field in variants.iter().flat_map(|(_, fields)| fields.iter()) {
        let (ty, to) = (&field.ty, goes_to(field)?);
        // That of a type which holds itself would be asked for without end, and that of a parameter was asked for above.
        if is_recursive(ty) || is_phantom(ty) || is_one_of(ty, &modules) {
            continue;
        }
        let on = there(ty.to_token_stream());
        clauses.push(parse2(match depends(ty) {
            true => quote!(#ty: #name_of_trait<#to, On = #on>),
            // The compiler looks at a bound without parameters only where it is asked for if it is of any lifetime.
            false => quote!(for<'__any> #ty: ::core::clone::Clone),
        })?);
    }
    generics.make_where_clause().predicates.extend(clauses);

    let name = &input.ident;
    let arguments: Vec<TokenStream> = input.generics.params.iter().map(argument).map(there).collect();
    let on = if arguments.is_empty() { quote!(#name) } else { quote!(#name<#(#arguments),*>) };
    let arms = variants.iter().map(|(path, fields)| {
        let names: Vec<_> = (0..fields.len()).map(|i| format_ident!("field_{i}")).collect();
        let members: Vec<_> = fields.members().collect();
        let values = fields.iter().zip(&names).map(|(field, name)| {
            let ty = &field.ty;
            Ok(if is_phantom(ty) {
                quote!({ let _ = #name; ::core::marker::PhantomData })
            } else if depends(ty) || is_recursive(ty) {
                let to = goes_to(field)?;
                quote_spanned!(ty.span() => #name_of_trait::<#to>::#method(#name #device))
            } else {
                quote_spanned!(ty.span() => ::core::clone::Clone::clone(#name))
            })
        });
        let values = values.collect::<Result<Vec<_>>>()?;
        Ok(quote!(#path { #(#members: #names),* } => #path { #(#members: #values),* },))
    });
    let arms = arms.collect::<Result<Vec<_>>>()?;
    generics.params.push(GenericParam::Type(other.clone().into()));
    let (parameters, _, bounds) = generics.split_for_impl();
    let (_, own, _) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters #name_of_trait<#other> for #name #own #bounds {
            type On = #on;
            #[allow(unused_variables)]
            fn #method(&self #parameter) -> Self::On {
                match self { #(#arms)* }
            }
        }
    })
}

/// A parameter as the argument that it is.
fn argument(parameter: &GenericParam) -> TokenStream {
    match parameter {
        GenericParam::Type(parameter) => parameter.ident.to_token_stream(),
        GenericParam::Lifetime(parameter) => parameter.lifetime.to_token_stream(),
        GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
    }
}

fn is_phantom(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PhantomData"))
}

/// Whether a type is one of these parameters, and nothing beside.
pub(crate) fn is_one_of(ty: &Type, parameters: &[Ident]) -> bool {
    matches!(ty, Type::Path(path) if path.path.get_ident().is_some_and(|ident| parameters.contains(ident)))
}

/// Whether a type names a parameter.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// The tokens with others in place of some names. What stands behind `::` is no parameter.
fn replace(tokens: TokenStream, names: &[(Ident, TokenStream)]) -> TokenStream {
    let mut colons = 0;
    let mut result = TokenStream::new();
    for token in tokens {
        let is_first = colons < 2;
        colons = if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':') { colons + 1 } else { 0 };
        match token {
            TokenTree::Ident(ident) if is_first && names.iter().any(|(name, _)| *name == ident) => {
                result.extend(names.iter().find(|(name, _)| *name == ident).map(|(_, other)| other.clone()));
            }
            TokenTree::Group(group) => {
                let mut replaced = Group::new(group.delimiter(), replace(group.stream(), names));
                replaced.set_span(group.span());
                result.extend([TokenTree::Group(replaced)]);
            }
            other => result.extend([other]),
        }
    }
    result
}
