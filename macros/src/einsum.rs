//! `einsum!("b h i d, b h j d -> b h i j", q, k)`.

use crate::call::call_with;
use crate::pattern::{Arguments, MAX_RANK, Pattern, REST, letters, tuple, tuple_type};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Result};

/// The most tensors, by their place among them.
const PLACES: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];

/// A letter of a tensor, which stood in one before.
struct Shared {
    letter: usize,
    side: usize,
    /// What relates its dimension here to the one there.
    relation: Ident,
    /// The parameter that the relation gives where it holds.
    holds: Ident,
    /// The dimension here.
    other: Ident,
}

/// A block which declares a relation that the pattern stands for, and calls a function that asks for it.
pub fn expand(Arguments { krate, pattern, tensors }: Arguments) -> Result<TokenStream> {
    let literal = pattern;
    let pattern = Pattern::new(&literal)?;
    let source = &pattern.source;
    let fail = |message: String| Error::new(pattern.span, message);
    if pattern.inputs.len() != tensors.len() {
        return Err(fail(format!(
            "the pattern `{source}` has {} inputs, and {} tensors are given",
            pattern.inputs.len(),
            tensors.len()
        )));
    }
    if tensors.len() > PLACES.len() {
        return Err(fail(format!("`einsum!` takes up to {} tensors: multiply more of them in parts", PLACES.len())));
    }
    if source.contains('(') {
        return Err(fail("groups are the matter of `rearrange!`: in `einsum!` each axis is one letter".to_owned()));
    }

    let rest = pattern.rest();
    if rest.is_some_and(|rest| !letters(&pattern.output).contains(&rest)) {
        return Err(fail(format!(
            "`{REST}` is not in the output of `{source}`: what it stands for is kept, and what is summed over has a letter"
        )));
    }

    let (parameters, variables) = (pattern.parameters(), pattern.variables());
    let numbers: Vec<_> = pattern.inputs.iter().map(|axes| letters(axes)).collect();
    let output = letters(&pattern.output);
    let sides: Vec<_> = numbers.iter().zip(PLACES).map(|(side, place)| Side::new(side, place)).collect();
    let first_side = |letter: usize| numbers.iter().position(|side| side.contains(&letter)).unwrap_or_default();
    let mut shared = Vec::new();
    for (side, &letter) in numbers.iter().enumerate().flat_map(|(i, side)| side.iter().map(move |letter| (i, letter))) {
        if first_side(letter) < side {
            let name = if Some(letter) == rest { "Rest".to_owned() } else { format!("_{}", pattern.names[letter]) };
            // In the second tensor by the letter alone, so that messages of the most patterns are short.
            let name = if side == 1 { name } else { format!("{name}_{}", PLACES[side]) };
            let [relation, holds, other] = ["Same", "Holds", "Other"].map(|of| format_ident!("{of}{name}"));
            shared.push(Shared { letter, side, relation, holds, other });
        }
    }
    // What the letters stand for: of a shared one, what it is in the first tensor that has it.
    let named = |side: usize, letter: usize| {
        let again = shared.iter().find(|shared| (shared.side, shared.letter) == (side, letter));
        again.map_or_else(|| parameters[letter].clone(), |shared| shared.other.clone())
    };

    let words = shared.iter().filter_map(|shared| {
        let (name, places) = (&pattern.names[shared.letter], [PLACES[first_side(shared.letter)], PLACES[shared.side]]);
        shared_relation(name, places, &shared.relation, &krate)
    });
    let axes: Vec<_> = sides.iter().map(|side| side.relation(&pattern, &parameters, &krate)).collect();

    let (shapes, values) = (
        ["X", "Y", "Z", "V", "W", "U"].map(|name| format_ident!("{name}")),
        ["x", "y", "z", "v", "w", "u"].map(|name| format_ident!("__{name}")),
    );
    let count = sides.len();
    let backends = ["B", "C", "D", "E", "F", "G"].map(|name| format_ident!("{name}"));
    let (shapes, values, backends) = (&shapes[..count], &values[..count], &backends[..count]);
    let others = &backends[1..];
    let bounds = sides.iter().enumerate().map(|(i, side)| {
        let (relation, shape, holds) = (&side.name, &shapes[i], &side.holds);
        let dims = side.letters.iter().map(|&letter| named(i, letter));
        quote!(#shape: #relation<Holds = #holds, Dims = (#(#dims,)*)>)
    });
    // What the relations give is handed from each to the next, and what the last one gives opens the result.
    let agreements: Vec<_> = shared.iter().map(|shared| &shared.holds).collect();
    let before = std::iter::once(&sides[sides.len() - 1].holds).chain(agreements.iter().copied());
    let agree = shared.iter().zip(before.clone()).map(|(shared, before)| {
        let Shared { letter, side, relation, holds, other } = shared;
        let dim = &parameters[*letter];
        match single(&pattern.names[*letter]).filter(|_| *side == 1) {
            Some(name) => quote!(#dim: SameLetter<#name, #other, #before, Holds = #holds>),
            None => quote!(#dim: #relation<#other, #before, Holds = #holds>),
        }
    });
    let (first, last) = (&sides[0].holds, before.clone().last());
    let dims = (0..sides.len()).flat_map(|i| numbers[i].iter().map(move |&letter| (i, letter)));
    let dims: Vec<_> = dims.map(|(i, letter)| named(i, letter)).collect();
    let proofs: Vec<_> = sides.iter().map(|side| &side.holds).chain(agreements.iter().copied()).collect();
    let summed = parameters.iter().enumerate().filter(|(letter, _)| !output.contains(letter)).map(|(_, dim)| dim);

    let (mut output_shape, mut output_value) =
        (tuple_type(&pattern.output, &parameters, &krate), tuple(&pattern.output, &variables, &krate));
    let (mut flattens, mut flat_parameter, mut is_flat) = (None, None, None);
    if let Some(rest) = rest {
        flattens = Some(flat_output(&pattern, rest, &parameters, &krate));
        flat_parameter = Some(quote!(Whole,));
        is_flat = Some(quote!(#output_shape: InOneTuple<Output = Whole>,));
        (output_shape, output_value) = (quote!(Whole), quote!(InOneTuple::flat(#output_value)));
    }
    let take = sides.iter().enumerate().rev().map(|(i, side)| {
        let (value, relation) = (&values[i], &side.name);
        let variables = side.letters.iter().map(|&letter| &variables[letter]);
        // The last first: of a shared letter, the dimension of the first tensor that has it stays.
        quote!(let (#(#variables,)*) = #relation::axes(#value.shape());)
    });
    let call = match numbers.as_slice() {
        many if rest.is_some() => {
            let letters = many.iter().map(|letters| quote!(&[#(#letters),*]));
            let arrays = quote!(&[#((#values.array(), #letters)),*]);
            quote!(#krate::__private::einsum_with_rest::<_, B>(#arrays, #rest, &[#(#output),*], __shape))
        }
        [x, y] => quote!(#krate::__private::einsum(__x, __y, &[#(#x),*], &[#(#y),*], &[#(#output),*], __shape)),
        [x] => quote!(#krate::__private::einsum_one(__x, &[#(#x),*], &[#(#output),*], __shape)),
        many => {
            let letters = many.iter().map(|letters| quote!(&[#(#letters),*]));
            let arrays = quote!(&[#((#values.array(), #letters)),*]);
            quote!(#krate::__private::einsum_many::<_, B>(#arrays, &[#(#output),*], __shape))
        }
    };

    let relation = quote! {
        // Bounds begin with a name of this place: with the one of a crate, messages would show the macro.
        #[allow(unused_imports)]
        use #krate::{SameBackend as OnTheSame, dim::{Summed as WithoutPadding, Whole as OfAllRanks}, shape::SameLetter};
        #(#words)*
        #(#axes)*
        #flattens
        #[allow(non_camel_case_types, unused_variables, clippy::all)]
        fn einsum<#(#shapes,)* #(#backends,)* #(#dims,)* #(#proofs,)* #flat_parameter Output>(
            #(#values: &#krate::Tensor<#shapes, #backends>),*
        ) -> #krate::Tensor<Output, B>
        where
            #(#bounds,)*
            #(#agree,)*
            #is_flat
            (#first, #last): #krate::shape::Agreed<#output_shape, Output = Output>,
            Output: #krate::shape::Shape,
            B: #krate::backend::Backend,
            B::Elem: #krate::backend::Number,
            #(#others: OnTheSame<B>,)*
            #(#summed: OfAllRanks + WithoutPadding,)*
        {
            #(#take)*
            let __shape = <(#first, #last) as #krate::shape::Agreed<#output_shape>>::agreed(#output_value);
            #call
        }
        #[allow(clippy::all)]
    };
    Ok(call_with(relation, "einsum", pattern.span, &tensors))
}

/// A name that is a letter.
fn single(name: &str) -> Option<char> {
    let mut letters = name.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// What `congruent::shape::SameLetter` is for letters of the first two tensors, for a name that is a word, and for other places.
fn shared_relation(name: &str, [place, other]: [&str; 2], relation: &Ident, krate: &Ident) -> Option<TokenStream> {
    if single(name).is_some() && [place, other] == [PLACES[0], PLACES[1]] {
        return None;
    }
    let message = format!("`{name}` is `{{Self}}` in the {place} tensor and `{{Other}}` in the {other}");
    let (label, note, kind) = match name {
        REST => (
            format!("`{name}` is not the same everywhere"),
            "`..` stands for the same dimensions in every tensor that has it, as many as there are; a tensor without them has no `..`",
            quote!(shape::Shape),
        ),
        name => (
            format!("`{name}` is not one dimension"),
            "a letter of the pattern stands for the same dimension wherever it appears",
            quote!(dim::Dim),
        ),
    };
    Some(quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note, note = "explained in `congruent::errors::C20`: https://docs.rs/congruent/latest/congruent/errors/C20/")]
        #[allow(non_camel_case_types)]
        trait #relation<Other, Before> {
            type Holds;
        }
        #[diagnostic::do_not_recommend]
        impl<D: #krate::#kind, Before> #relation<D, Before> for D {
            type Holds = Before;
        }
        const _: () = {
            // No dimension, as the compiler sees here.
            enum Other {}
            #[diagnostic::do_not_recommend]
            impl<D: #krate::#kind, Before> #relation<Other, Before> for D {
                type Holds = #krate::shape::Disagree;
            }
        };
    })
}

/// The part of a pattern for one tensor.
struct Side<'p> {
    letters: &'p [usize],
    /// The relation that a shape has which has as many dimensions as there are letters.
    name: Ident,
    /// The parameter that the relation gives where it holds.
    holds: Ident,
}

impl<'p> Side<'p> {
    fn new(letters: &'p [usize], place: &str) -> Self {
        Side { letters, name: format_ident!("Axes_{place}"), holds: format_ident!("Holds_{place}_tensor") }
    }

    fn relation(&self, pattern: &Pattern, parameters: &[Ident], krate: &Ident) -> TokenStream {
        let name = &self.name;
        let rest = pattern.rest().filter(|rest| self.letters.contains(rest));
        let letters = self.letters.iter().map(|&letter| pattern.names[letter].as_str()).collect::<Vec<_>>().join(" ");
        let many = match self.letters.len() - usize::from(rest.is_some()) {
            1 => "one dimension".to_owned(),
            count => format!("{count} dimensions"),
        };
        let (message, label, note) = match rest {
            None => (
                format!("`{{Self}}` does not have the {many} of `{letters}`"),
                format!("expected {many}, one for each letter of `{letters}`"),
                "a letter of the pattern stands for one dimension, and each shape has as many dimensions as its part of the pattern has letters",
            ),
            Some(_) => (
                format!("`{{Self}}` does not have the {many} of `{letters}` beside the rest"),
                format!("expected {many} or more, one for each letter of `{letters}`"),
                "a letter of the pattern stands for one dimension, and `..` for all that have no letter, which may be none",
            ),
        };
        let shapes = shapes(self.letters, rest, parameters).map(|Shape { flat, nested, generics }| {
            quote! {
                #[diagnostic::do_not_recommend]
                #[allow(non_camel_case_types, non_snake_case, clippy::all)]
                impl<#(#generics: #krate::dim::Dim,)*> #name for #flat {
                    type Holds = #krate::shape::Agree;
                    type Dims = #nested;
                    fn axes(self) -> Self::Dims {
                        let #flat = self;
                        #nested
                    }
                }
            }
        });
        quote! {
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note, note = "explained in `congruent::errors::C20`: https://docs.rs/congruent/latest/congruent/errors/C20/")]
            #[allow(non_camel_case_types, clippy::all)]
            trait #name: #krate::shape::Shape {
                type Holds;
                type Dims;
                fn axes(self) -> Self::Dims;
            }
            #(#shapes)*
        }
    }
}

/// What makes one tuple of the output, in which the rest is a tuple.
fn flat_output(pattern: &Pattern, rest: usize, parameters: &[Ident], krate: &Ident) -> TokenStream {
    let output = letters(&pattern.output);
    let text = output.iter().map(|&letter| pattern.names[letter].as_str()).collect::<Vec<_>>().join(" ");
    let message = format!("`{text}` has more than six dimensions: it is `{{Self}}`");
    let label = format!("no room for `{REST}`");
    let shapes = shapes(&output, Some(rest), parameters).map(|Shape { flat, nested, generics }| {
        quote! {
            #[diagnostic::do_not_recommend]
            #[allow(non_camel_case_types, non_snake_case, clippy::all)]
            impl<#(#generics: #krate::dim::Dim,)*> InOneTuple for #nested {
                type Output = #flat;
                fn flat(self) -> Self::Output {
                    let #nested = self;
                    #flat
                }
            }
        }
    });
    quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = "merge two axes or reduce one before", note = "explained in `congruent::errors::C17`: https://docs.rs/congruent/latest/congruent/errors/C17/")]
        trait InOneTuple {
            type Output;
            fn flat(self) -> Self::Output;
        }
        #(#shapes)*
    }
}

/// A shape that letters stand for: the tuple of all its dimensions, and that in which the rest is a tuple of its own.
struct Shape {
    flat: TokenStream,
    nested: TokenStream,
    generics: Vec<Ident>,
}

/// The shapes that letters stand for: one, or one for each number of dimensions that the rest may be.
fn shapes<'p>(
    letters: &'p [usize],
    rest: Option<usize>,
    parameters: &'p [Ident],
) -> impl Iterator<Item = Shape> + use<'p> {
    let most = if rest.is_some() { MAX_RANK + 1 - letters.len() } else { 0 };
    (0..=most).map(move |count| {
        let unnamed: Vec<_> = (0..count).map(|i| format_ident!("Rest{i}")).collect();
        let nested = letters.iter().map(|&letter| match &parameters[letter] {
            _ if Some(letter) == rest => quote!((#(#unnamed,)*)),
            parameter => quote!(#parameter),
        });
        let nested: Vec<_> = nested.collect();
        let generics: Vec<Ident> = letters
            .iter()
            .flat_map(|&letter| if Some(letter) == rest { unnamed.clone() } else { vec![parameters[letter].clone()] })
            .collect();
        let (flat, nested) = (quote!((#(#generics,)*)), quote!((#(#nested,)*)));
        Shape { flat, nested, generics }
    })
}
