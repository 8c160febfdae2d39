// Names that a macro might use itself.

use congruent::prelude::*;

mod types {
    congruent::dims! {
        pub usize = 3;
        pub u8;
        pub str = 2 * usize;
        pub bool = 2;
        pub once u32;
        pub Self_ = 4;
    }
}

mod prelude_names {
    congruent::dims! {
        pub Some = 2; pub None; pub once Ok; pub Err = 3; pub Vec = 4; pub String; pub Option = 2; pub Result = Vec * Err;
        pub Default = 5; pub Clone; pub Copy = 2; pub Debug = 3; pub Hash; pub Eq = 1; pub PartialEq = 2; pub once Send;
        pub Sync = 2; pub Sized = 3; pub FnOnce;
    }
}

mod of_macros {
    congruent::dims! {
        pub R; pub Variable; pub Name; pub once Token; pub once CELL; pub Number = 3; pub SIZE = 4; pub A = 2; pub B = A * Number;
        pub f = 2; pub size; pub guard = 3; pub scope; pub once token; pub cell; pub set = 2; pub get; pub with; pub fmt = 3;
        pub Dim = 3; pub Dense; pub Normal = 2; pub StaticDim = 4; pub once RuntimeDim; pub Size = 2; pub Inside; pub Factors = Size * Dim;
        pub r#type = 2; pub r#fn; pub once r#loop; pub core = 2; pub std; pub tag = 2;
    }
}

mod in_patterns {
    congruent::dims! {
        pub Fits = 2; pub Output = 3; pub X = 2; pub Y = 3; pub S = 2; pub Other = 3; pub WithoutPadding = 2; pub B = 2;
        pub x = 2; pub y = 3; pub shape = 2; pub other = 2; pub tensor_0 = 2; pub dim_b = 3; pub einsum = 2; pub rearrange = 3;
        pub usize = 2; pub letters = 3; pub output = 2;
    }
}

fn patterns() {
    use congruent::{Tensor, einsum, rearrange};
    use in_patterns::*;
    let a = Tensor::ones((Fits, Output));
    let b = Tensor::ones((Output, WithoutPadding));
    let c: Tensor<(Fits, WithoutPadding)> = einsum!("b r#type, r#type Output -> b Output", a, b);
    let d: Tensor<(WithoutPadding, Fits)> = rearrange!(c, "r#type b -> b r#type");
    let e: Tensor<(usize, x)> = einsum!("usize x, usize -> usize x", Tensor::ones((usize, x)), Tensor::ones((usize,)));
    let total: Tensor<()> = einsum!("X S ->", e);
    assert_eq!((d.to_vec(), total.scalar()), (vec![3.0; 4], 4.0));
    let g: Tensor<(Times<x, y>, shape)> = rearrange!(Tensor::ones((shape, Times(x, y))), "other (x y) -> (x y) other");
    assert_eq!(g.to_vec().len(), 12);
}

fn generic<T: congruent::dim::Dim>(dim: T) -> usize {
    congruent::dims! {
        /// Of a function.
        #[derive(PartialOrd)]
        Inner = 2;
        pub(crate) Bound;
        once Set;
        Product = Inner * 3;
    }
    bind!(size: Bound = Product.size());
    Set::set(6).unwrap().size() * size.size() * Tensor::ones((dim, Inner)).to_vec().len()
}

fn main() {
    patterns();
    {
        use of_macros::*;
        bind!(first: size = 3, second: Variable = 4, third: R = 5);
        assert_eq!(Tensor::ones((first, second, third)).sizes(), [3, 4, 5]);
        let sizes = scope::with(7, |scoped| Name::with(8, |named| congruent::Tensor::ones((scoped, named)).sizes()));
        assert_eq!(sizes, [7, 8]);
        assert_eq!(token::set(3).unwrap().size() + Token::set(4).unwrap().size() + r#loop::set(1).unwrap().size(), 8);
        let error = congruent::Tensor::from_vec((r#type, f), vec![]).unwrap_err();
        assert_eq!(error.to_string(), "(type = 2, f = 2) has 4 elements, found 0");
        bind!(raw: r#fn = 2);
        assert_eq!(congruent::Tensor::ones((raw, tag)).sizes(), [2, 2]);
    }
    assert_eq!(generic(N::<5>), 6 * 6 * 10);
    assert_eq!(format!("{:?} {:?}", types::str, prelude_names::Result), "str Result");
    let _ = (types::u32::get(), prelude_names::Ok::get());
}
