use gallery_incin::*;

fn main() -> Result<()> {
    let english = wave::<s![Vocab = 10, Embed = 2]>()?;
    let german = english.try_neg()?; // two tables
    let of_the_english_tokenizer = ids::<s![Seq = 2]>(&[3, 4])?;
    let right = english.index_select(axis!(0), &of_the_english_tokenizer)?;
    report(&german.index_select(axis!(0), &of_the_english_tokenizer)?, &right)
}
