//! Text whose bytes are cut anywhere.

use congruent::generate::TextStream;
use fastrand::Rng as Random;

/// What a stream should give: all at once, by characters.
fn whole(bytes: &[u8], stops: &[&str]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for (end, _) in text.char_indices().map(|(i, c)| (i + c.len_utf8(), c)) {
        let complete = stops.iter().filter(|stop| text[..end].ends_with(**stop)).map(|stop| stop.len()).max();
        if let Some(length) = complete {
            return text[..end - length].to_owned();
        }
    }
    text
}

fn streamed(bytes: &[u8], stops: &[&str], mut next: impl FnMut() -> usize) -> String {
    let mut stream = TextStream::new(stops.iter().copied()).unwrap();
    let (mut text, mut rest) = (String::new(), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(next().min(rest.len()));
        text.push_str(&stream.push(piece));
        rest = after;
    }
    text.push_str(&stream.finish());
    text.push_str(&stream.finish());
    if stream.stopped().is_some() {
        assert_eq!(stream.push(b"more"), "");
    }
    text
}

#[test]
fn text_does_not_depend_on_how_its_bytes_are_cut() {
    let mut random = Random::with_seed(2);
    let parts: [&[u8]; 12] = [
        b"a",
        b"b",
        b"ab",
        b"\n",
        "é".as_bytes(),
        "東".as_bytes(),
        "🙂".as_bytes(),
        b"\xff",
        b"\xf0\x9f",
        b"\xe2",
        b"\x80",
        b"\xed\xa0",
    ];
    let words = ["a", "ab", "aab", "ba", "b\nb", "é", "東a", "🙂", "aé東", "\u{fffd}", "abab"];
    for _ in 0..20_000 {
        let bytes: Vec<u8> =
            (0..random.usize(0..12)).flat_map(|_| parts[random.usize(0..parts.len())].to_vec()).collect();
        let stops: Vec<&str> = (0..random.usize(0..4)).map(|_| words[random.usize(0..words.len())]).collect();
        let expected = whole(&bytes, &stops);
        for longest in [1, 2, 5, 100] {
            let found = streamed(&bytes, &stops, || random.usize(0..=longest));
            assert_eq!(found, expected, "{bytes:?} {stops:?}");
        }
    }
}

#[test]
fn text_comes_as_soon_as_it_is_clear() {
    let mut stream = TextStream::new(["stop"]).unwrap();
    assert_eq!(stream.push(b"go on st"), "go on ");
    assert_eq!(stream.push(b"e"), "ste");
    assert_eq!(stream.push("p é".as_bytes()), "p é");
    assert_eq!((stream.push(b"sto"), stream.stopped()), (String::new(), None));
    assert_eq!((stream.push(b"p!"), stream.stopped()), (String::new(), Some("stop")));
    let mut stream = TextStream::default();
    assert_eq!((stream.push(b"a\xf0\x9f\x99"), stream.push(b"\x82")), ("a".to_owned(), "🙂".to_owned()));
    assert_eq!((stream.push(b"\xf0\x9f"), stream.finish()), (String::new(), "\u{fffd}".to_owned()));
    let error = TextStream::new(["a", ""]).unwrap_err();
    assert_eq!(error.to_string(), "`stop` is an empty one, expected a string that is not empty");
}
