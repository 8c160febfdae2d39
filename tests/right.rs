//! What must compile, and runs: programs of all kinds, and of each bug of the gallery the mended one. A bug that the
//! types do not catch runs as well, and shows its wrong numbers.
#![forbid(unsafe_code)]

use std::path::Path;

macro_rules! programs {
    ($($name:ident: $path:literal,)*) => {
        const PROGRAMS: &[&str] = &[$($path),*];

        $(
            // Names are of all kinds, and a variable may be there for its type alone.
            #[allow(clippy::all, unused, non_camel_case_types, non_upper_case_globals)]
            mod $name {
                include!(concat!("../ui-tests/", $path));

                #[test]
                fn runs() {
                    use std::process::{ExitCode, Termination};
                    assert_eq!(format!("{:?}", main().report()), format!("{:?}", ExitCode::SUCCESS));
                }
            }
        )*
    };
}

programs! {
    bind_everywhere: "pass/bind_everywhere.rs",
    declared_factors: "pass/declared_factors.rs",
    generic_attention_by_hand: "pass/generic_attention_by_hand.rs",
    generic_block: "pass/generic_block.rs",
    generic_cache: "pass/generic_cache.rs",
    generic_layers: "pass/generic_layers.rs",
    generic_width_and_back: "pass/generic_width_and_back.rs",
    halves_of_one_name: "pass/halves_of_one_name.rs",
    keys_beside_queries: "pass/keys_beside_queries.rs",
    names_of_all_kinds: "pass/names_of_all_kinds.rs",
    numbers_as_dimensions: "pass/numbers_as_dimensions.rs",
    other_elements: "pass/other_elements.rs",
    patterns: "pass/patterns.rs",
    run_time_in_loops_and_threads: "pass/run_time_in_loops_and_threads.rs",
    same_dimension_twice: "pass/same_dimension_twice.rs",
    set_once_in_structs_and_threads: "pass/set_once_in_structs_and_threads.rs",
    sorted_along_any_axis: "pass/sorted_along_any_axis.rs",
    two_configurations: "pass/two_configurations.rs",
    witnesses: "pass/witnesses.rs",
    fixed_01: "gallery/01-split-heads-by-view/fixed.rs",
    fixed_02: "gallery/02-merge-heads-by-view/fixed.rs",
    fixed_03: "gallery/03-heads-not-transposed/fixed.rs",
    fixed_04: "gallery/04-heads-concatenated-along-the-sequence/fixed.rs",
    fixed_05: "gallery/05-one-head-short/fixed.rs",
    fixed_06: "gallery/06-heads-do-not-divide/fixed.rs",
    fixed_07: "gallery/07-grouped-heads-in-another-order/fixed.rs",
    fixed_08: "gallery/08-fused-projection-in-another-order/fixed.rs",
    bug_08: "gallery/08-fused-projection-in-another-order/bug.rs",
    fixed_09: "gallery/09-batch-and-sequence-swapped/fixed.rs",
    fixed_10: "gallery/10-keys-not-transposed/fixed.rs",
    fixed_11: "gallery/11-encoder-and-decoder-exchanged/fixed.rs",
    fixed_12: "gallery/12-keys-and-values-of-different-lengths/fixed.rs",
    fixed_13: "gallery/13-softmax-over-the-queries/fixed.rs",
    fixed_14: "gallery/14-mean-over-the-batch/fixed.rs",
    fixed_15: "gallery/15-first-sequence-for-first-token/fixed.rs",
    fixed_16: "gallery/16-norm-over-another-axis/fixed.rs",
    fixed_17: "gallery/17-classes-brought-forward-by-view/fixed.rs",
    fixed_18: "gallery/18-patches-by-view/fixed.rs",
    fixed_19: "gallery/19-targets-against-a-column/fixed.rs",
    fixed_20: "gallery/20-bias-along-another-axis/fixed.rs",
    fixed_21: "gallery/21-residual-around-a-narrowing-layer/fixed.rs",
    fixed_22: "gallery/22-tied-weight-the-wrong-way-round/fixed.rs",
    fixed_23: "gallery/23-projection-of-another-model/fixed.rs",
    fixed_24: "gallery/24-square-weight-transposed/fixed.rs",
    bug_24: "gallery/24-square-weight-transposed/bug.rs",
    fixed_25: "gallery/25-position-table-too-short/fixed.rs",
    fixed_26: "gallery/26-id-past-the-table/fixed.rs",
    fixed_27: "gallery/27-ids-of-another-vocabulary/fixed.rs",
    fixed_28: "gallery/28-beam-and-token-in-one-id/fixed.rs",
    fixed_29: "gallery/29-causal-mask-from-the-start-beside-a-cache/fixed.rs",
    fixed_30: "gallery/30-cache-behind-the-new-keys/fixed.rs",
    fixed_31: "gallery/31-causal-mask-of-the-prompt/fixed.rs",
    fixed_32: "gallery/32-padding-attended-to/fixed.rs",
    fixed_33: "gallery/33-padding-in-the-mean/fixed.rs",
    fixed_34: "gallery/34-padding-in-the-loss/fixed.rs",
    fixed_35: "gallery/35-mask-polarity/fixed.rs",
    bug_35: "gallery/35-mask-polarity/bug.rs",
    fixed_36: "gallery/36-mask-without-an-axis-for-heads/fixed.rs",
    fixed_37: "gallery/37-key-mask-over-the-queries/fixed.rs",
    fixed_38: "gallery/38-row-with-nothing-to-attend-to/fixed.rs",
    bug_38: "gallery/38-row-with-nothing-to-attend-to/bug.rs",
    fixed_39: "gallery/39-mask-of-another-padded-batch/fixed.rs",
    fixed_40: "gallery/40-rotary-positions-on-the-heads/fixed.rs",
    fixed_41: "gallery/41-rotary-positions-of-an-odd-head/fixed.rs",
    fixed_42: "gallery/42-rotary-positions-restart-beside-a-cache/fixed.rs",
    bug_42: "gallery/42-rotary-positions-restart-beside-a-cache/bug.rs",
    fixed_43: "gallery/43-mask-repeated-for-the-heads-in-another-order/fixed.rs",
    fixed_44: "gallery/44-padding-mask-of-the-chunk-beside-a-cache/fixed.rs",
    fixed_45: "gallery/45-channels-moved-away-before-a-convolution/fixed.rs",
    fixed_46: "gallery/46-drafts-accepted-by-one-number/fixed.rs",
    fixed_47: "gallery/47-number-of-heads-for-the-number-of-tokens/fixed.rs",
    fixed_48: "gallery/48-texts-packed-into-one-row/fixed.rs",
    fixed_49: "gallery/49-relative-positions-without-the-cache/fixed.rs",
    fixed_50: "gallery/50-tokens-scored-by-their-own-logits/fixed.rs",
    bug_50: "gallery/50-tokens-scored-by-their-own-logits/bug.rs",
    fixed_51: "gallery/51-mean-of-the-means-of-micro-batches/fixed.rs",
    bug_51: "gallery/51-mean-of-the-means-of-micro-batches/bug.rs",
    fixed_52: "gallery/52-class-token-without-a-position/fixed.rs",
    bug_52: "gallery/52-class-token-without-a-position/bug.rs",
    fixed_53: "gallery/53-probabilities-for-their-logarithms/fixed.rs",
    fixed_54: "gallery/54-neighbours-for-the-two-halves/fixed.rs",
    fixed_55: "gallery/55-one-position-for-all-tokens/fixed.rs",
    bug_55: "gallery/55-one-position-for-all-tokens/bug.rs",
    fixed_56: "gallery/56-positions-of-padding-on-the-left/fixed.rs",
    bug_56: "gallery/56-positions-of-padding-on-the-left/bug.rs",
    fixed_57: "gallery/57-lengths-in-sorted-order/fixed.rs",
    bug_57: "gallery/57-lengths-in-sorted-order/bug.rs",
    fixed_58: "gallery/58-last-state-of-the-reverse-direction/fixed.rs",
    bug_58: "gallery/58-last-state-of-the-reverse-direction/bug.rs",
    fixed_59: "gallery/59-labels-shifted-twice/fixed.rs",
    fixed_60: "gallery/60-window-from-the-start-beside-a-cache/fixed.rs",
    fixed_61: "gallery/61-padding-in-the-maximum/fixed.rs",
    fixed_62: "gallery/62-largest-of-each-row-taken-from-columns/fixed.rs",
    fixed_63: "gallery/63-bias-before-the-sum-of-ranks/fixed.rs",
    fixed_64: "gallery/64-shared-expert-summed-twice/fixed.rs",
    fixed_65: "gallery/65-shared-expert-never-summed/fixed.rs",
    fixed_66: "gallery/66-norm-gradient-of-own-positions/fixed.rs",
    fixed_67: "gallery/67-half-a-key-head/fixed.rs",
    fixed_68: "gallery/68-fused-projection-cut-across/fixed.rs",
    fixed_69: "gallery/69-norm-over-own-features/fixed.rs",
    fixed_70: "gallery/70-clipped-by-own-norm/fixed.rs",
    fixed_71: "gallery/71-smoothing-over-own-vocabulary/fixed.rs",
    fixed_72: "gallery/72-largest-of-own-vocabulary/fixed.rs",
    fixed_73: "gallery/73-experts-of-other-ranks/fixed.rs",
    fixed_74: "gallery/74-labels-shifted-within-a-part/fixed.rs",
    fixed_75: "gallery/75-mean-of-the-means-of-ranks/fixed.rs",
    fixed_76: "gallery/76-gathered-along-another-axis/fixed.rs",
    fixed_77: "gallery/77-labels-of-all-ranks/fixed.rs",
    fixed_78: "gallery/78-own-experts-for-all/fixed.rs",
    fixed_79: "gallery/79-positions-from-the-start-on-each-rank/fixed.rs",
    bug_79: "gallery/79-positions-from-the-start-on-each-rank/bug.rs",
    fixed_80: "gallery/80-gathered-without-a-gradient/fixed.rs",
    bug_80: "gallery/80-gathered-without-a-gradient/bug.rs",
}

#[test]
fn every_program_is_here() {
    let listed = |folder: &str| std::fs::read_dir(Path::new("ui-tests").join(folder)).unwrap();
    let mut expected: Vec<String> = Vec::new();
    for program in listed("pass") {
        expected.push(format!("pass/{}", program.unwrap().file_name().display()));
    }
    for bug in listed("gallery").map(|bug| bug.unwrap().path()).filter(|path| path.is_dir()) {
        let name = bug.file_name().unwrap().display();
        expected.push(format!("gallery/{name}/fixed.rs"));
        if !bug.join("bug.stderr").exists() {
            expected.push(format!("gallery/{name}/bug.rs"));
        }
    }
    expected.sort();
    let mut programs = PROGRAMS.to_vec();
    programs.sort();
    assert_eq!(programs, expected);
}
