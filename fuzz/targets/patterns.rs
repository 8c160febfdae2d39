//! Arguments of the macros: each is refused with a message, or becomes an expression, or items, that can be read.
#![no_main]

#[path = "../../macros/src/call.rs"]
mod call;
#[path = "../../macros/src/dims/mod.rs"]
mod dims;
#[path = "../../macros/src/einsum.rs"]
mod einsum;
#[path = "../../macros/src/pattern.rs"]
mod pattern;
#[path = "../../macros/src/rearrange.rs"]
mod rearrange;

use syn::parse_str;

// The path of the crate comes first, as the macros of `congruent` give it.
libfuzzer_sys::fuzz_target!(|text: &str| {
    for tensors in 1..4 {
        let expansion = parse_str(&format!("congruent {text:?}{}", ", x".repeat(tensors))).and_then(einsum::expand);
        if let Ok(tokens) = expansion {
            syn::parse2::<syn::Expr>(tokens).expect("an expression");
        }
    }
    if let Ok(tokens) = parse_str(&format!("congruent x, {text:?}")).and_then(rearrange::expand) {
        syn::parse2::<syn::Expr>(tokens).expect("an expression");
    }
    if let Ok(declared) = parse_str(&format!("congruent {text}")) {
        syn::parse2::<syn::File>(dims::expand(declared)).expect("items");
    }
});
