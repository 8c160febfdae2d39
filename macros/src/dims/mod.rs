//! `dims! { pub Batch = 32; pub Ffn = 4 * Embed; pub Seq; pub once Width; }`.

mod items;
mod size;

use proc_macro2::{Ident, TokenStream};
use size::Number;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Result, Token, Visibility};

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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> Result<Dims> {
        syn::parse_str(&format!("congruent {source}"))
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
