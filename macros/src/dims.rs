//! `dims! { pub Batch = 32; pub Ffn = 4 * Embed; pub Seq; pub once Width; }`.

use crate::respan;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, BinOp, Error, Expr, ExprPath, Lit, Result, Token, Visibility};

/// What stands between the braces, after the path of the crate.
pub struct Dims {
    krate: Ident,
    dims: Vec<Declaration>,
}

struct Declaration {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    size: Size,
}

enum Size {
    Static(Number),
    Runtime,
    Once,
}

/// What a size is built of.
enum Number {
    Literal(u64),
    Dim(ExprPath),
    Sum(Box<[Number; 2]>),
    Product(Box<[Number; 2]>),
}

impl Parse for Dims {
    fn parse(input: ParseStream) -> Result<Self> {
        let krate = input.call(Ident::parse_any)?;
        let mut dims = Vec::new();
        while !input.is_empty() {
            dims.push(declaration(input)?);
        }
        dims.iter().try_for_each(|dim| dim.check(&dims))?;
        Ok(Dims { krate, dims })
    }
}

fn declaration(input: ParseStream) -> Result<Declaration> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let mut name: Ident = input.parse()?;
    let once = name == "once" && input.peek(syn::Ident);
    if once {
        name = input.parse()?;
    }
    if name.unraw().to_string().starts_with("__") {
        let message = "names that begin with two underscores are those of the macro: name the dimension otherwise";
        return Err(Error::new(name.span(), message));
    }
    let size = match (once, input.parse::<Option<Token![=]>>()?) {
        (false, Some(_)) => Size::Static(Number::new(input.parse()?)?),
        (false, None) => Size::Runtime,
        (true, None) => Size::Once,
        (true, Some(equals)) => {
            return Err(Error::new(
                equals.span,
                format!("a `once` dimension gets its size at run time: `{name}::set(size)`"),
            ));
        }
    };
    if !input.peek(Token![;]) && !input.is_empty() {
        return Err(input.error(format!("expected `;` after the dimension `{name}`")));
    }
    input.parse::<Option<Token![;]>>()?;
    Ok(Declaration { attributes, visibility, name, size })
}

impl Number {
    fn new(size: Expr) -> Result<Self> {
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
    fn typenum(&self, krate: &Ident) -> TokenStream {
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
    fn factors(&self, inside: TokenStream, krate: &Ident) -> Option<TokenStream> {
        match self {
            Number::Product(parts) => parts[0].factors(parts[1].factors(inside, krate)?, krate),
            Number::Dim(name) => {
                Some(quote_spanned! { name.span() => <#name as #krate::dim::Normal>::Factors<#inside> })
            }
            Number::Literal(_) | Number::Sum(_) => None,
        }
    }

    /// The dimensions that it is built of, by name.
    fn dims(&self) -> Vec<&Ident> {
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

/// The items of all declarations.
pub fn expand(Dims { krate, dims }: Dims) -> TokenStream {
    dims.iter().map(|dim| dim.expand(&krate)).collect()
}

impl Declaration {
    /// That the dimensions of its size are not declared beside it as others than static ones.
    fn check(&self, dims: &[Declaration]) -> Result<()> {
        let Size::Static(number) = &self.size else { return Ok(()) };
        let is_dynamic =
            |name: &Ident| dims.iter().any(|dim| dim.name == *name && !matches!(dim.size, Size::Static(..)));
        match number.dims().into_iter().find(|name| is_dynamic(name)) {
            Some(name) => Err(Error::new(
                name.span(),
                format!(
                    "the size of `{name}` is not known at compile time: write the dimension as `Times<..>` or `Plus<..>`"
                ),
            )),
            None => Ok(()),
        }
    }

    fn expand(&self, krate: &Ident) -> TokenStream {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> Result<Dims> {
        syn::parse_str(&format!("congruent {source}"))
    }

    #[test]
    fn a_numeral_is_its_bits() {
        let text = numeral(6, &format_ident!("k")).to_string().replace("k :: typenum :: ", "").replace(' ', "");
        assert_eq!(text, "UInt<UInt<UInt<UTerm,B1>,B1>,B0>");
        assert_eq!(numeral(0, &format_ident!("k")).to_string().replace(' ', ""), "k::typenum::UTerm");
    }

    #[test]
    fn every_kind_is_parsed() {
        let dims = parsed("/// docs\n pub A = 0x10; pub(crate) B = 4 * (A + 1); C; pub once D").unwrap().dims;
        let kinds: Vec<_> =
            dims.iter().map(|dim| (dim.name.to_string(), matches!(dim.size, Size::Static(..)))).collect();
        let expected = [("A", true), ("B", true), ("C", false), ("D", false)].map(|(name, is)| (name.to_owned(), is));
        assert_eq!(kinds, expected);
    }

    #[test]
    fn wrong_sizes_are_explained() {
        let error = |source| parsed(source).err().unwrap().to_string();
        assert!(error("A = B / 2;").contains("declare the factors"));
        assert!(error("A = B - 2;").contains("built of whole numbers"));
        assert!(error("A = 1.5;").contains("built of whole numbers"));
        assert!(error("once A = 3;").contains("A::set(size)"));
        assert!(error("__A = 3;").contains("two underscores"));
        assert!(error("A B;").contains("expected `;` after the dimension `A`"));
        assert!(parsed("A = 99999999999999999999;").is_err());
    }
}
