//! `rearrange!(x, "b s (h d) -> b h s d")`.

use crate::call::call_with;
use crate::pattern::{Arguments, Axis, Pattern, letters, tuple, tuple_type};
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Result};

/// A tensor and a pattern.
pub struct Rearrange(Arguments);

impl Parse for Rearrange {
    fn parse(input: ParseStream) -> Result<Self> {
        let usage = "a tensor and a pattern: `rearrange!(x, \"b s (h d) -> b h s d\")`";
        let arguments = Arguments::parse_with_pattern(input, |len| len - 1, usage)?;
        match arguments.tensors.as_slice() {
            [_] => Ok(Rearrange(arguments)),
            _ => Err(Error::new(arguments.pattern.span(), format!("expected {usage}"))),
        }
    }
}

/// A block which declares a relation that the pattern stands for, and calls a function that asks for it.
pub fn expand(Rearrange(Arguments { krate, pattern, tensors }): Rearrange) -> Result<TokenStream> {
    let pattern = Pattern::new(&pattern)?;
    let source = &pattern.source;
    let fail = |message: String| Error::new(pattern.span, message);
    let [input] = pattern.inputs.as_slice() else {
        return Err(fail("`rearrange!` takes one tensor".to_owned()));
    };
    if pattern.rest().is_some() {
        return Err(fail("`..` is the matter of `einsum!`: in `rearrange!` each axis has a letter".to_owned()));
    }
    let (input_letters, output_letters) = (letters(input), letters(&pattern.output));
    if let Some(lost) = input_letters.iter().find(|letter| !output_letters.contains(letter)) {
        let name = &pattern.names[*lost];
        return Err(fail(format!(
            "`{name}` is not in the output of `{source}`: reduce it first, by `sum`, `mean` or `max`"
        )));
    }

    let (parameters, variables) = (pattern.parameters(), pattern.variables());
    let input_shape = tuple_type(input, &parameters, &krate);
    let output_shape = tuple_type(&pattern.output, &parameters, &krate);
    let input_value = tuple(input, &variables, &krate);
    let output_value = tuple(&pattern.output, &variables, &krate);
    let sizes = input_letters.iter().map(|letter| &variables[*letter]);
    let count = input_letters.len();
    let order = output_letters.iter().map(|letter| input_letters.iter().position(|l| l == letter));
    let order = order.map(|place| place.expect("every output letter is in the input"));

    let message = format!("`{{Self}}` does not fit `{source}`");
    let groups: Vec<_> =
        input.iter().filter(|axis| matches!(axis, Axis::Pair(_))).map(|axis| pattern.text(axis)).collect();
    let label = match (input.len(), groups.as_slice()) {
        (1, []) => "expected one dimension".to_owned(),
        (count, []) => format!("expected {count} dimensions, one for each letter"),
        (1, [group]) => format!("expected one dimension `{group}`, a `Times<_, _>`"),
        (count, groups) => format!("expected {count} dimensions, and `Times<_, _>` for `{}`", groups.join("` and `")),
    };
    let note = "each letter stands for one dimension, and a group `(h d)` for a `Times<H, D>`: name the factors first, by `x.relabel(Embed, Times(Heads, HeadDim))`";
    let relation = quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note, note = "explained in `congruent::errors::C21`: https://docs.rs/congruent/latest/congruent/errors/C21/")]
        trait Fits: #krate::shape::Shape {
            type Output: #krate::shape::Shape;
            fn letters(self) -> [::core::primitive::usize; #count];
            fn output(self) -> Self::Output;
        }
        #[diagnostic::do_not_recommend]
        #[allow(non_camel_case_types, unused_variables, clippy::all)]
        impl<#(#parameters: #krate::dim::Dim,)*> Fits for #input_shape {
            type Output = #output_shape;
            fn letters(self) -> [::core::primitive::usize; #count] {
                let #input_value = self;
                [#(#krate::dim::Dim::size(#sizes)),*]
            }
            fn output(self) -> Self::Output {
                let #input_value = self;
                #output_value
            }
        }
        fn rearrange<X, B, Output>(__x: &#krate::Tensor<X, B>) -> #krate::Tensor<Output, B>
        where
            X: Fits<Output = Output>,
            Output: #krate::shape::Shape,
            B: #krate::backend::Backend,
        {
            let __shape = __x.shape();
            #krate::__private::rearrange(__x, &Fits::letters(__shape), &[#(#order),*], Fits::output(__shape))
        }
    };
    Ok(call_with(relation, "rearrange", pattern.span, &tensors))
}
