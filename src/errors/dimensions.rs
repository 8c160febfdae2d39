//! What a dimension is, how large, and where it lives.

use super::errors;

errors! {
    C01: "`A` and `B` differ in size, or in the order of their factors"
    /// One dimension was to take the place of another, and the compiler does not know that they are of one size. Either
    /// the numbers in their declarations differ, and one of them has to be corrected, or one is only known at run time:
    /// compare such sizes once by [`Equal::check`](crate::dim::Equal::check) and rename the axis by
    /// [`relabel_by`](crate::Tensor::relabel_by). A number `N<1500>` is not compared either: see [`C05`].
    ///
    /// Or the sizes agree, and the factors do not. `Patch = Colours * Pixels` counts all pixels of the first colour first,
    /// as `Times<Colours, Pixels>` does; `Times<Pixels, Colours>` has the same elements in another order, into which
    /// `rearrange!` brings them. A dimension that is declared by its number alone, `Patch = 768`, may be any product of that
    /// size. A factor under another name is renamed as a factor: `Equal::known(Colours, Channels).times(Equal::same(Pixels))`,
    /// then `relabel_by`.
    ///
    /// A dimension with padding never has the size of one without: see [`C06`](super::C06).

    C02: "`A` is not a dimension"
    /// A dimension is a type with a name, and a number stands where one is expected. Declare the dimension by
    /// [`dims!`](crate::dims), or write the number as [`N<8>`](crate::N). In generic code, ask for it: `S: Dim`.
    ///
    /// `NoSizeYet<Seq>` is the name of a dimension that was declared without a size, used as a value: bind it to a number
    /// by [`bind!`](crate::bind) and use the variable, or, of a `once` dimension, what `set` gives.

    C03: "`A` is not a run-time dimension"
    /// [`bind!`](crate::bind) gives a size to a dimension that was declared without one. This one has its size in its
    /// declaration, or gets it by `set`. Leave the size out of the declaration, or leave the binding out.

    C04: "the size of `A` is not known at compile time"
    /// A list with one element for each position, as [`unstack`](crate::Tensor::unstack) makes it, has its length in
    /// its type, so its dimension has to be declared with a size. Where only run time knows the number,
    /// [`unstack_vec`](crate::Tensor::unstack_vec) gives a `Vec`, and [`at`](crate::Tensor::at) one position. A number `N<1500>` counts as
    /// unknown too: see [`C05`].
    ///
    /// The compiler repeats this message for the variable that takes the list.

    C05: "the compiler cannot calculate the size of `A`"
    /// A function asks for a dimension whose size the compiler can calculate: [`Normal`](crate::dim::Normal). The size
    /// of `N<..>` is only calculated up to 1024 and for powers of two. Declare any other number by
    /// [`dims!`](crate::dims).

    C33: "sizes are not divided, and other messages of `dims!`"
    /// The declarations of [`dims!`](crate::dims) are `Name = size;`, `Name;` and `once Name;`. A size is made of whole
    /// numbers, static dimensions, `+` and `*`. It is not divided: declare the factors, and their product. It is not
    /// made of run-time dimensions either: write `Times<A, B>` or `Plus<A, B>` where the product or the sum is needed.

    C35: "`tokens` does not live long enough"
    /// A binding by [`bind!`](crate::bind) is a new dimension in each turn of a loop, and the program brings a
    /// tensor of one turn together with one of an earlier turn. Their lengths may differ, so they have no common shape. Keep
    /// what leaves the turn without the dimension, as a mean or as numbers. Where all turns have one length, bind it
    /// before the loop; what is bound in a turn is compared with it once, by
    /// [`Equal::check`](crate::dim::Equal::check), and renamed by [`relabel_by`](crate::Tensor::relabel_by).

    C36: "lifetime may not live long enough"
    /// A run-time dimension lives in the scope of its binding: the closure of `with`, or the block of
    /// [`bind!`](crate::bind). What leaves the scope must not have it in its type, because outside nothing would tell
    /// it from another one. Do the work in the scope and return what is free of the dimension, or bind it further
    /// outside. The notes about variance say only that no dimension stands in for another.
    ///
    /// Where a tensor of one closure of `with` meets one of another, or is put into a variable outside, the compiler
    /// says "borrowed data escapes outside of closure": the same in other words. [`bind!`](crate::bind) has the better
    /// messages, because it knows the names of the variables.

    C37: "mismatched types"
    /// No operation failed here: the program itself says which dimensions it expects, in the signature of a function,
    /// in a struct or behind a `let`, and the tensor has others. Hold the lines `expected` and `found` against each
    /// other, dimension by dimension. Two bindings of one run-time dimension differ in the variable alone, as `Text<'_,
    /// question>` and `Text<'_, answer>`; where one variable shadows another of its name, both read alike, and give
    /// one of them another name. Where a signature says `Text<'_>`, see [`C59`]. `Ragged<Text>` is a length with
    /// padding and `Text` one without: padding is filled by [`fill_padding`](crate::Tensor::fill_padding), and a function for both
    /// has a parameter. Correct the type, give a function a parameter for each dimension that may
    /// differ, or rename the axis by [`relabel`](crate::Tensor::relabel).

    C45: "the size of `D` is 2⁶⁴ or more"
    /// The size of a dimension is calculated from numbers and other dimensions, and is counted in 64 bits. One of them is
    /// larger than meant, or there is a factor too many.

    C59: "missing lifetime specifier"
    /// A run-time dimension stands by its name in the type of a result or a structure. Its size is bound to a number in a scope,
    /// by [`bind!`](crate::bind), and is another dimension there each time, so that no type outside can name it. What the compiler
    /// proposes, `Seq<'a>`, leads nowhere. There are three ways out. A type parameter stands for the dimension, in functions
    /// `S: Dim`, and whoever calls binds it. A closure has the scope: [`with`](crate::bind). A size that is the same in the whole
    /// program, as that of a model, is declared `once Width` in [`dims!`](crate::dims), and has a type that can be named
    /// anywhere.
    ///
    /// In the type of an argument the compiler takes `Seq` for `Seq<'_>`, which no binding by [`bind!`](crate::bind) is, and
    /// reports the call: "mismatched types", "expected `&Tensor<(Seq<'_>, Embed)>`, found `&Tensor<(Seq<'_, seq>, Embed)>`". A
    /// parameter `S: Dim` takes both.
}
