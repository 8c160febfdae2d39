//! Passages of verse and of prose, and which plays they are of.

use minilm::passages::{Passages, TEST, VALIDATION, WORDS, of_play};
use minilm::{MiniLm, PUBLISHED, find_or_fetch};

const VERSE: &str = "Now is the winter of our discontent  \n_Kneels_\nMade glorious summer by this sun of York;  \n\
    And all the clouds that lour'd upon our house  \n'In the deep bosom of the ocean buried. And more\n\n";
const PROSE: &str = "It is no time to discourse, so Chrish save me: the\nday is hot, and the weather, and the wars, and the\n\
    king, and the dukes: it is no time to discourse. The\nTown is beseeched\n\nnot said\n";

#[test]
fn verse_and_prose_are_told_by_their_lines() {
    let play = "# A play\n\n## ACT I\n\n_Enter A_\n\n**A**  \nOne two three four five six  \nSeven eight, _[Aside]_ nine ten\n  \
         \n\n**B**  \nOne two\nthree\nFour\nfive\n\n**C**  \nOne two  \nThree four\n\n**D**  \nOne\nTwo\nthree\nFour\nFive\n";
    assert!(of_play("p", play).is_empty());
    let found = of_play("p", &format!("{play}\n**E**  \n{VERSE}**F**  \n{PROSE}"));
    let words = |text: &str| text.split_whitespace().take(WORDS).collect::<Vec<_>>().join(" ");
    let found: Vec<_> = found.iter().map(|passage| (passage.text.clone(), passage.form)).collect();
    assert_eq!(found, [(words(&VERSE.replace("_Kneels_", "")), 1), (words(PROSE), 0)]);
    // The model does not see by what they are told.
    let model = MiniLm::load(&find_or_fetch(None).unwrap(), PUBLISHED).unwrap();
    assert_eq!(model.tokenize(&[VERSE]).unwrap(), model.tokenize(&[VERSE.to_lowercase()]).unwrap());
}

#[test]
fn whole_plays_are_held_out() {
    let folder = std::env::temp_dir().join(format!("minilm-plays-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("genre")).unwrap();
    let write = |play: &str, prose: usize| {
        let text =
            format!("{}{}", format!("\n**A**  \n{VERSE}").repeat(5), format!("\n**B**  \n{PROSE}").repeat(prose));
        std::fs::write(folder.join(format!("genre/{play}.md")), text).unwrap();
    };
    let plays = TEST.iter().chain(&VALIDATION);
    plays.clone().for_each(|play| write(play, 3));
    write("king-john", 0);
    let error = |most| Passages::read(Some(&folder), most, 1).unwrap_err().to_string();
    assert!(error(2).ends_with("there is nothing to learn from"), "{}", error(2));
    write("king-lear", 9);
    let read = |seed| Passages::read(Some(&folder), 2, seed).unwrap();
    let Passages { training, validation, test } = read(1);
    for (part, plays, each) in [(&training, &["king-lear"][..], 2), (&validation, &VALIDATION, 3), (&test, &TEST, 3)] {
        assert_eq!(part.len(), plays.len() * 2 * each);
        for play in plays {
            let forms = part.iter().filter(|passage| passage.play == *play).map(|passage| passage.form);
            assert_eq!(forms.sum::<u32>() as usize, each, "{play}");
        }
    }
    std::fs::remove_file(folder.join("genre/hamlet.md")).unwrap();
    assert!(error(2).ends_with("there is no play `hamlet`"), "{}", error(2));
    std::fs::remove_dir_all(&folder).unwrap();
}
