//! `einsum!("b h i d, b h j d -> b h i j", q, k)`.

use crate::call_with;
use crate::pattern::{Arguments, Pattern, letters, tuple, tuple_type};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Result};

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
    if tensors.len() > 2 {
        return Err(fail("`einsum!` takes one or two tensors: multiply more of them pair by pair".to_owned()));
    }
    if source.contains('(') {
        return Err(fail("groups are the matter of `rearrange!`: in `einsum!` each axis is one letter".to_owned()));
    }

    let (parameters, variables) = (pattern.parameters(), pattern.variables());
    let shapes: Vec<_> = pattern.inputs.iter().map(|axes| tuple_type(axes, &parameters, &krate)).collect();
    let values: Vec<_> = pattern.inputs.iter().map(|axes| tuple(axes, &variables, &krate)).collect();
    let output_shape = tuple_type(&pattern.output, &parameters, &krate);
    let output_value = tuple(&pattern.output, &variables, &krate);
    let numbers: Vec<_> = pattern.inputs.iter().map(|axes| letters(axes)).collect();
    let output = letters(&pattern.output);
    let summed: Vec<_> = (0..parameters.len()).filter(|letter| !output.contains(letter)).collect();
    let summed_names: Vec<_> = summed.iter().map(|letter| format_ident!("Summed_{}", pattern.names[*letter])).collect();
    let summed_dims: Vec<_> = summed.iter().map(|letter| &parameters[*letter]).collect();

    let (message, label) = match tensors.len() {
        1 => (format!("`{{Self}}` does not fit `{source}`"), format!("does not fit `{source}`")),
        _ => (format!("`{{Self}}` and `{{Other}}` do not fit `{source}`"), format!("do not fit `{source}`")),
    };
    let note = "a letter of the pattern stands for the same dimension wherever it appears, and each shape has as many dimensions as its part of the pattern has letters";
    let first = &shapes[0];
    let second = shapes.get(1).cloned().unwrap_or_else(|| quote!(()));
    let second_value = values.get(1).cloned().unwrap_or_else(|| quote!(()));
    let first_value = &values[0];
    let output_numbers = quote!(&[#(#output),*]);

    let call = match numbers.as_slice() {
        [x, y] => quote! {
            fn einsum<X, Y, B, Output>(x: &#krate::Tensor<X, B>, y: &#krate::Tensor<Y, B>) -> #krate::Tensor<Output, B>
            where
                X: Fits<Y, Output = Output>,
                Output: #krate::shape::Shape,
                Y: #krate::shape::Shape,
                B: #krate::backend::Backend,
                B::Elem: #krate::backend::Number,
                #(<X as Fits<Y>>::#summed_names: WithoutPadding,)*
            {
                let shape = Fits::output(x.shape(), y.shape());
                #krate::__private::einsum(x, y, &[#(#x),*], &[#(#y),*], #output_numbers, shape)
            }
        },
        [x] => quote! {
            fn einsum<X, B, Output>(x: &#krate::Tensor<X, B>) -> #krate::Tensor<Output, B>
            where
                X: Fits<(), Output = Output>,
                Output: #krate::shape::Shape,
                B: #krate::backend::Backend,
                B::Elem: #krate::backend::Number,
                #(<X as Fits<()>>::#summed_names: WithoutPadding,)*
            {
                let shape = Fits::output(x.shape(), ());
                #krate::__private::einsum_one(x, &[#(#x),*], #output_numbers, shape)
            }
        },
        _ => unreachable!("the number of tensors was checked"),
    };

    // See `congruent::shape::Never`.
    let never = |name: &str| {
        let (never, dims) = (format_ident!("{name}"), summed.iter().map(|_| quote!(#krate::dim::N<0>)));
        quote! {
            #[diagnostic::do_not_recommend]
            #[allow(non_camel_case_types, clippy::all)]
            impl<S: #krate::shape::Shape> Fits<#krate::shape::#never> for S {
                type Output = S;
                #(type #summed_names = #dims;)*
                fn output(self, other: #krate::shape::#never) -> S {
                    match other {}
                }
            }
        }
    };
    let never = (tensors.len() == 2).then(|| [never("Never"), never("Nothing")]).into_iter().flatten();

    let relation = quote! {
        #[allow(unused_imports)]
        use #krate::dim::Summed as WithoutPadding;
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note, note = "explained in `congruent::errors::C20`")]
        #[allow(non_camel_case_types, clippy::all)]
        trait Fits<Other>: #krate::shape::Shape {
            type Output: #krate::shape::Shape;
            #(type #summed_names: #krate::dim::Dim;)*
            fn output(self, other: Other) -> Self::Output;
        }
        #[diagnostic::do_not_recommend]
        #[allow(non_camel_case_types, unused_variables, clippy::all)]
        impl<#(#parameters: #krate::dim::Dim,)*> Fits<#second> for #first {
            type Output = #output_shape;
            #(type #summed_names = #summed_dims;)*
            fn output(self, other: #second) -> Self::Output {
                let #second_value = other;
                let #first_value = self;
                #output_value
            }
        }
        #(#never)*
        #[allow(clippy::all)]
        #call
    };
    Ok(call_with(relation, "einsum", pattern.span, &tensors))
}
