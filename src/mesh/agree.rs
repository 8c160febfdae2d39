//! That all ranks do the same, and have the same.

use super::communicator::Communicator;
use crate::io::digest;

/// Ends all ranks, unless all say the same.
pub fn agree(ranks: &dyn Communicator, said: &str) {
    if !is_alike(ranks, said.as_bytes()) {
        let all = texts(ranks, said);
        end(ranks, &format!("the ranks do not do the same: {}", by_rank(&all)));
    }
}

/// Ends all ranks, unless all have the same of each thing: its name, and a number for its contents.
#[cfg(feature = "safetensors")]
pub fn agree_on_each(ranks: &dyn Communicator, what: &str, things: &[(String, u64)]) {
    let lines: Vec<String> = things.iter().map(|(name, contents)| format!("{name}\0{contents:016x}")).collect();
    let own = lines.join("\0\0");
    if is_alike(ranks, own.as_bytes()) {
        return;
    }
    let all = texts(ranks, &own);
    let all: Vec<Vec<_>> = all.iter().map(|text| text.split("\0\0").collect()).collect();
    let most = all.iter().map(Vec::len).max().unwrap_or_default();
    let differ = |i: &usize| all.iter().any(|lines| lines.get(*i) != all[0].get(*i));
    let first = (0..most).find(differ).unwrap_or_default();
    let of_rank = |lines: &Vec<&str>| match lines.get(first).and_then(|line| line.split_once('\0')) {
        Some((name, contents)) => format!("{name} with contents {contents}"),
        None => "nothing more".to_owned(),
    };
    let all: Vec<_> = all.iter().map(of_rank).collect();
    end(ranks, &format!("{what} is not the same on all ranks: {}", by_rank(&all)));
}

/// What each rank says.
pub fn texts(ranks: &dyn Communicator, own: &str) -> Vec<String> {
    let lengths = ranks.all_gather(&(own.len() as u64).to_le_bytes());
    let lengths: Vec<_> = lengths.as_chunks().0.iter().map(|length| u64::from_le_bytes(*length) as usize).collect();
    let most = lengths.iter().copied().max().unwrap_or_default();
    let mut padded = own.as_bytes().to_vec();
    padded.resize(most, 0);
    let all = ranks.all_gather(&padded);
    let text = |(rank, length)| String::from_utf8_lossy(&all[rank * most..][..length]).into_owned();
    lengths.into_iter().enumerate().map(text).collect()
}

fn is_alike(ranks: &dyn Communicator, said: &[u8]) -> bool {
    let own = digest(said).to_le_bytes();
    ranks.all_gather(&own).chunks_exact(own.len()).all(|other| *other == own)
}

/// Ends all ranks with one message: that of the first.
fn end(ranks: &dyn Communicator, reason: &str) -> ! {
    if ranks.rank() > 0 {
        // The first one does not come, and ends this one.
        ranks.all_gather(&[0]);
    }
    ranks.abort(reason)
}

/// Which ranks say what, the fewest first.
fn by_rank(all: &[String]) -> String {
    let mut said: Vec<(&String, Vec<String>)> = Vec::new();
    for (rank, text) in all.iter().enumerate() {
        match said.iter_mut().find(|(other, _)| *other == text) {
            Some((_, ranks)) => ranks.push(rank.to_string()),
            None => said.push((text, vec![rank.to_string()])),
        }
    }
    said.sort_by_key(|(_, ranks)| ranks.len());
    let one = |(text, ranks): (&String, Vec<String>)| match &*ranks {
        [rank] => format!("rank {rank}: {text}"),
        [shown @ .., last] if ranks.len() <= 4 => format!("ranks {} and {last}: {text}", shown.join(", ")),
        _ => format!("ranks {}, .. ({} of them): {text}", ranks[..4].join(", "), ranks.len()),
    };
    said.into_iter().map(one).collect::<Vec<_>>().join("; ")
}
