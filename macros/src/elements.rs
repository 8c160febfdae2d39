//! The elements of the backends that a module is of, where it is of several.

use crate::to_engine::{is_one_of, mentions};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{
    Error, GenericArgument, Generics, Path, PathArguments, Result, Token, Type, TypeParam, TypeParamBound,
    WherePredicate,
};

/// Behind each backend in `Module<..>`, its elements by their name: by these the compiler sees that two implementations differ,
/// since it does not look through `B::Elem` where `B` is a parameter. Of one backend, nothing is needed.
pub fn elements(generics: &Generics, declared: Option<&TypeParam>, backends: &[Path]) -> Result<Vec<TokenStream>> {
    if backends.len() < 2 {
        return Ok(vec![TokenStream::new()]);
    }
    let behind = |backend: &Path| {
        let declared = declared.filter(|declared| mentions(backend.to_token_stream(), &declared.ident));
        let elements = match declared {
            Some(declared) => of_parameter(generics, declared, backend)?,
            None => quote!(<#backend as ::congruent::backend::Backend>::Elem),
        };
        Ok(quote!(, #elements))
    };
    backends.iter().map(behind).collect()
}

/// Those of a backend `B` that is a parameter, or of `With<B, f64>`.
fn of_parameter(generics: &Generics, declared: &TypeParam, backend: &Path) -> Result<TokenStream> {
    let name = &declared.ident;
    if backend.is_ident(name) {
        return named_by_bounds(generics, declared).map(Type::to_token_stream).ok_or_else(|| {
            let message = format!(
                "the elements of `{name}` are not named, and could be those of the other backend: write \
                 `{name}: Backend<Elem = f32>`"
            );
            Error::new_spanned(declared, message)
        });
    }
    let last = backend.segments.last().filter(|last| last.ident == "With").map(|last| &last.arguments);
    match last.and_then(arguments).map(|arguments| arguments.iter().collect::<Vec<_>>()).as_deref() {
        Some([GenericArgument::Type(_), GenericArgument::Type(elements)]) => Ok(elements.to_token_stream()),
        _ => Err(Error::new_spanned(
            backend,
            format!(
                "another backend on the engine of `{name}` is written as `With<{name}, f64>`, which names its elements"
            ),
        )),
    }
}

/// The type `T` of a bound `Backend<Elem = T>` of the parameter, where it stands or behind `where`.
fn named_by_bounds<'a>(generics: &'a Generics, declared: &'a TypeParam) -> Option<&'a Type> {
    let clauses = generics.where_clause.iter().flat_map(|clauses| &clauses.predicates);
    let of_clause = clauses.filter_map(|clause| match clause {
        WherePredicate::Type(clause) if is_one_of(&clause.bounded_ty, std::slice::from_ref(&declared.ident)) => {
            Some(&clause.bounds)
        }
        _ => None,
    });
    [&declared.bounds].into_iter().chain(of_clause).find_map(elem)
}

fn elem(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    let traits = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    traits.filter_map(|last| arguments(&last.arguments)).flatten().find_map(|argument| match argument {
        GenericArgument::AssocType(of) if of.ident == "Elem" => Some(&of.ty),
        _ => None,
    })
}

fn arguments(of: &PathArguments) -> Option<&Punctuated<GenericArgument, Token![,]>> {
    match of {
        PathArguments::AngleBracketed(of) => Some(&of.args),
        _ => None,
    }
}
