//! The patterns of `einsum!` and `rearrange!`: letters, and products of them in parentheses.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Result, Token};

/// The most letters of a pattern: an array has at most so many axes.
pub const MAX_LETTERS: usize = 8;
/// What stands for all dimensions that have no letter, as if it were one.
pub const REST: &str = "..";
/// The most dimensions of a shape.
pub const MAX_RANK: usize = 6;

/// One axis of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// A letter, by its number.
    Letter(usize),
    /// The product of two axes.
    Pair(Box<[Axis; 2]>),
}

/// A pattern `inputs -> output`, its letters numbered in the order of their first appearance.
#[derive(Debug)]
pub struct Pattern {
    pub source: String,
    pub span: Span,
    pub names: Vec<String>,
    pub inputs: Vec<Vec<Axis>>,
    pub output: Vec<Axis>,
}

/// The arguments of a macro: the crate, then a pattern and tensors in some order.
pub struct Arguments {
    pub krate: Ident,
    pub pattern: LitStr,
    pub tensors: Vec<Expr>,
}

impl Arguments {
    /// `crate`, then arguments of which the one at `at` is the pattern.
    pub fn parse_with_pattern(input: ParseStream, at: impl Fn(usize) -> usize, usage: &str) -> Result<Self> {
        let krate = input.call(Ident::parse_any)?;
        let mut tensors: Vec<Expr> = Punctuated::<Expr, Token![,]>::parse_terminated(input)?.into_iter().collect();
        if tensors.len() < 2 {
            return Err(Error::new(Span::call_site(), format!("expected {usage}")));
        }
        let pattern = tensors.remove(at(tensors.len()));
        match pattern {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(pattern), .. }) => Ok(Arguments { krate, pattern, tensors }),
            other => Err(Error::new_spanned(other, format!("expected a pattern in quotes: {usage}"))),
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(literal: &LitStr) -> Result<Self> {
        let source = literal.value();
        let span = literal.span();
        let fail = |message: String| Error::new(span, message);
        let Some((inputs, output)) = source.split_once("->") else {
            return Err(fail(format!("the pattern `{source}` has no `->` before its output")));
        };
        let mut names = Vec::new();
        let inputs = inputs.split(',').map(|side| axes(side, &mut names).map_err(&fail)).collect::<Result<Vec<_>>>()?;
        let known = names.len();
        let output = axes(output, &mut names).map_err(&fail)?;
        if let Some(new) = names.get(known) {
            return Err(fail(format!("`{new}` is in the output of `{source}` and in no input")));
        }
        if names.len() > MAX_LETTERS {
            return Err(fail(format!("the pattern `{source}` has more than {MAX_LETTERS} letters")));
        }
        for side in inputs.iter().chain([&output]) {
            if side.len() > MAX_RANK {
                return Err(fail(format!("a shape has at most {MAX_RANK} dimensions")));
            }
            let letters = letters(side);
            if let Some(twice) = letters.iter().find(|letter| letters.iter().filter(|l| l == letter).count() > 1) {
                return Err(fail(format!("`{}` stands twice in one shape of `{source}`", names[*twice])));
            }
        }
        Ok(Pattern { source, span, names, inputs, output })
    }

    /// An axis as in the pattern.
    pub fn text(&self, axis: &Axis) -> String {
        match axis {
            Axis::Letter(letter) => self.names[*letter].clone(),
            Axis::Pair(pair) => format!("({} {})", self.text(&pair[0]), self.text(&pair[1])),
        }
    }

    /// The number of [`REST`], if the pattern has it.
    pub fn rest(&self) -> Option<usize> {
        self.names.iter().position(|name| name == REST)
    }

    /// The type parameter of each letter. (That of the rest has no underscore, so that no letter is called like it.)
    pub fn parameters(&self) -> Vec<Ident> {
        let parameter = |name: &String| if name == REST { format_ident!("Rest") } else { format_ident!("Dim_{name}") };
        self.names.iter().map(parameter).collect()
    }

    /// The variable of each letter.
    pub fn variables(&self) -> Vec<Ident> {
        (0..self.names.len()).map(|letter| format_ident!("__dim_{letter}")).collect()
    }
}

/// The letters of axes, in order.
pub fn letters(axes: &[Axis]) -> Vec<usize> {
    axes.iter()
        .flat_map(|axis| match axis {
            Axis::Letter(letter) => vec![*letter],
            Axis::Pair(pair) => letters(pair.as_slice()),
        })
        .collect()
}

/// A tuple of axes, as a type, a pattern or a value: `names` are what stands for each letter.
pub fn tuple(axes: &[Axis], names: &[Ident], krate: &Ident) -> TokenStream {
    let axes = axes.iter().map(|axis| one(axis, names, krate, false));
    quote!((#(#axes,)*))
}

/// The type of a tuple of axes.
pub fn tuple_type(axes: &[Axis], names: &[Ident], krate: &Ident) -> TokenStream {
    let axes = axes.iter().map(|axis| one(axis, names, krate, true));
    quote!((#(#axes,)*))
}

fn one(axis: &Axis, names: &[Ident], krate: &Ident, is_type: bool) -> TokenStream {
    match axis {
        Axis::Letter(letter) => {
            let name = &names[*letter];
            quote!(#name)
        }
        Axis::Pair(pair) => {
            let [first, second] = [0, 1].map(|i| one(&pair[i], names, krate, is_type));
            if is_type {
                quote!(#krate::dim::Times<#first, #second>)
            } else {
                quote!(#krate::dim::Times(#first, #second))
            }
        }
    }
}

fn axes(side: &str, names: &mut Vec<String>) -> std::result::Result<Vec<Axis>, String> {
    let spaced = side.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let axes = group(&mut words, names)?;
    match words.next() {
        None => Ok(axes),
        Some(_) => Err(format!("a `)` without its `(` in `{}`", side.trim())),
    }
}

/// The axes up to a `)` or the end.
fn group<'a>(
    words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    names: &mut Vec<String>,
) -> std::result::Result<Vec<Axis>, String> {
    let mut axes = Vec::new();
    while let Some(&word) = words.peek() {
        match word {
            ")" => break,
            "(" => {
                words.next();
                let inner = group(words, names)?;
                if words.next() != Some(")") {
                    return Err("a `(` without its `)`".to_owned());
                }
                if inner.len() < 2 {
                    return Err("a group is a product: `(h d)`".to_owned());
                }
                // From the left, as `a * b * c` is.
                axes.extend(inner.into_iter().reduce(|product, axis| Axis::Pair(Box::new([product, axis]))));
            }
            "..." => return Err(format!("`...` is written `{REST}`, with spaces around it")),
            name => {
                words.next();
                // `r#type` is the letter `type`, which only becomes a part of names.
                let name = match syn::parse_str::<Ident>(name) {
                    Ok(name) => name.unraw().to_string(),
                    Err(_) if name == REST => REST.to_owned(),
                    Err(_) => {
                        return Err(format!(
                            "`{name}` is not a letter: write letters or names with spaces between, as in `b s d`"
                        ));
                    }
                };
                let letter = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                axes.push(Axis::Letter(letter));
            }
        }
    }
    Ok(axes)
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        Arguments::parse_with_pattern(input, |_| 0, "a pattern and tensors")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str) -> Result<Pattern> {
        Pattern::new(&LitStr::new(source, Span::call_site()))
    }

    #[test]
    fn letters_are_numbered_as_they_appear() {
        let pattern = pattern("b h i d, b h j d -> b h i j").unwrap();
        assert_eq!(pattern.names, ["b", "h", "i", "d", "j"]);
        assert_eq!(letters(&pattern.inputs[1]), [0, 1, 4, 3]);
        assert_eq!(letters(&pattern.output), [0, 1, 2, 4]);
    }

    #[test]
    fn a_raw_letter_is_that_letter() {
        assert_eq!(pattern("r#type r#b -> b r#type").unwrap().names, ["type", "b"]);
    }

    #[test]
    fn the_rest_is_numbered_as_a_letter() {
        let pattern = pattern(".. i j, .. j k -> i .. k").unwrap();
        assert_eq!((pattern.rest(), letters(&pattern.output)), (Some(0), vec![1, 0, 3]));
    }

    #[test]
    fn groups_nest() {
        let pattern = pattern("((a b) c) -> c b a").unwrap();
        let inner = Axis::Pair(Box::new([Axis::Letter(0), Axis::Letter(1)]));
        assert_eq!(pattern.inputs[0], [Axis::Pair(Box::new([inner, Axis::Letter(2)]))]);
    }

    #[test]
    fn a_group_is_a_product_from_the_left() {
        let [flat, nested] = ["(a b c d) -> a b c d", "(((a b) c) d) -> a b c d"].map(|p| pattern(p).unwrap().inputs);
        assert_eq!(flat, nested);
    }

    #[test]
    fn wrong_patterns_are_explained() {
        let error = |source| pattern(source).err().unwrap().to_string();
        assert!(error("a b").contains("no `->`"));
        assert!(error("a b -> c").contains("`c` is in the output"));
        assert!(error("a a -> a").contains("stands twice"));
        assert!(error("(a) b -> a b").contains("a group is a product"));
        assert!(error("(a b -> a b").contains("without its `)`"));
        assert!(error("a b) -> a b").contains("without its `(`"));
        assert!(error("a.b -> a").contains("is not a letter"));
        assert!(error("... a -> a").contains("`...` is written `..`"));
        assert!(error(".. a .. -> a").contains("`..` stands twice"));
        assert!(error("a b c d e f g -> a").contains("at most 6"));
    }
}
