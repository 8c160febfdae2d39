//! What the size of a dimension is built of.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Error, Expr, ExprPath, Lit, Result};

/// What a size is built of.
pub(super) enum Number {
    Literal(u64),
    Dim(ExprPath),
    Sum(Box<[Number; 2]>),
    Product(Box<[Number; 2]>),
}

impl Number {
    pub(super) fn new(size: Expr) -> Result<Self> {
        let built_of = "a dimension's size is built of whole numbers, dimensions, `+` and `*`";
        match size {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(int) if int.suffix().is_empty() || int.suffix() == "usize" => {
                    Ok(Number::Literal(int.base10_parse()?))
                }
                other => Err(Error::new(other.span(), built_of)),
            },
            Expr::Path(name) => Ok(Number::Dim(name)),
            Expr::Paren(inner) => Number::new(*inner.expr),
            Expr::Group(inner) => Number::new(*inner.expr),
            Expr::Binary(binary) => {
                let operation = match &binary.op {
                    BinOp::Add(_) => Number::Sum,
                    BinOp::Mul(_) => Number::Product,
                    BinOp::Div(op) => {
                        let message = "sizes are not divided: declare the factors and multiply them, as in `Embed = Heads * HeadDim`";
                        return Err(Error::new(op.span, message));
                    }
                    op => return Err(Error::new(op.span(), built_of)),
                };
                Ok(operation(Box::new([Number::new(*binary.left)?, Number::new(*binary.right)?])))
            }
            other => Err(Error::new(other.span(), built_of)),
        }
    }

    /// The number of typenum.
    pub(super) fn typenum(&self, krate: &Ident) -> TokenStream {
        let operation = |name: &str, parts: &[Number; 2]| {
            let (name, [left, right]) = (format_ident!("{name}"), parts.each_ref().map(|part| part.typenum(krate)));
            quote!(#krate::typenum::#name<#left, #right>)
        };
        match self {
            Number::Literal(value) => numeral(*value, krate),
            Number::Dim(name) => quote_spanned! { name.span() => <#name as #krate::dim::StaticDim>::Number },
            Number::Sum(parts) => operation("Sum", parts),
            Number::Product(parts) => operation("Prod", parts),
        }
    }

    /// The factors, and what is inside of the last one, of a product of dimensions alone. A number among them says how large
    /// the product is, and not in which order it counts: `Channels = 2 * Base` are any groups of channels.
    pub(super) fn factors(&self, inside: TokenStream, krate: &Ident) -> Option<TokenStream> {
        match self {
            Number::Product(parts) => parts[0].factors(parts[1].factors(inside, krate)?, krate),
            Number::Dim(name) => {
                Some(quote_spanned! { name.span() => <#name as #krate::dim::Normal>::Factors<#inside> })
            }
            Number::Literal(_) | Number::Sum(_) => None,
        }
    }

    /// The dimensions that it is built of, by name.
    pub(super) fn dims(&self) -> Vec<&Ident> {
        match self {
            Number::Literal(_) => Vec::new(),
            Number::Dim(name) => name.path.get_ident().into_iter().collect(),
            Number::Sum(parts) | Number::Product(parts) => parts.iter().flat_map(Number::dims).collect(),
        }
    }
}

/// A number as typenum writes it: its bits, the leading one innermost.
fn numeral(value: u64, krate: &Ident) -> TokenStream {
    (0..u64::BITS - value.leading_zeros()).rev().fold(quote!(#krate::typenum::UTerm), |higher, bit| {
        let bit = if value >> bit & 1 == 1 { quote!(B1) } else { quote!(B0) };
        quote!(#krate::typenum::UInt<#higher, #krate::typenum::#bit>)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeral_is_its_bits() {
        let text = numeral(6, &format_ident!("k")).to_string().replace("k :: typenum :: ", "").replace(' ', "");
        assert_eq!(text, "UInt<UInt<UInt<UTerm,B1>,B1>,B0>");
        assert_eq!(numeral(0, &format_ident!("k")).to_string().replace(' ', ""), "k::typenum::UTerm");
    }
}
