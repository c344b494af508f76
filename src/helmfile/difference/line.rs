//! What differs between lines: the longest common run of lines that need not stand together stays
//! (`github.com/aryann/difflib`, whose choice among equals this is).

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Both,
    Old,
    New,
}

/// A line, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) side: Side,
    pub(super) text: String,
}

/// The most cells of the table of common lines; texts that need more are compared by what they have in
/// common at their ends only, for the table grows with the square of their length.
const CELLS: usize = 64 << 20;

/// All lines of both texts.
pub(super) fn compare(old: &str, new: &str) -> Vec<Line> {
    let old: Vec<&str> = old.split('\n').collect();
    let new: Vec<&str> = new.split('\n').collect();
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    // The first of what is left is never taken for a part of the end.
    let most = old_rest.len().min(new_rest.len()).saturating_sub(1);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let end = ends.take_while(|(a, b)| a == b).take(most).count();
    let (old_rest, tail) = old_rest.split_at(old_rest.len() - end);
    let new_rest = &new_rest[..new_rest.len() - end];
    let both = |text: &&str| line(Side::Both, text);
    let mut lines: Vec<Line> = old[..start].iter().map(both).collect();
    lines.extend(between(old_rest, new_rest));
    lines.extend(tail.iter().map(both));
    lines
}

fn line(side: Side, text: &str) -> Line {
    Line {
        side,
        text: text.to_owned(),
    }
}

fn between(old: &[&str], new: &[&str]) -> Vec<Line> {
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > CELLS {
        let gone = old.iter().map(|text| line(Side::Old, text));
        return gone
            .chain(new.iter().map(|text| line(Side::New, text)))
            .collect();
    }
    // How many lines the ends of both have in common, by how long the ends are.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in 1..=old.len() {
        for j in 1..=new.len() {
            common[i * width + j] = match old[old.len() - i] == new[new.len() - j] {
                true => common[(i - 1) * width + j - 1] + 1,
                false => common[(i - 1) * width + j].max(common[i * width + j - 1]),
            };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (old.len(), new.len());
    while i > 0 || j > 0 {
        let here = common[i * width + j];
        if i > 0 && here == common[(i - 1) * width + j] {
            lines.push(line(Side::Old, old[old.len() - i]));
            i -= 1;
        } else if j > 0 && here == common[i * width + j - 1] {
            lines.push(line(Side::New, new[new.len() - j]));
            j -= 1;
        } else {
            lines.push(line(Side::Both, old[old.len() - i]));
            i -= 1;
            j -= 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        for (old, new, want) in [
            ("a\nb\nc", "a\nx\nc", " a,-b,+x, c"),
            ("", "a\nb", "-,+a,+b"),
            ("a\nb", "", "-a,-b,+"),
            ("a\na", "a\na\na", " a, a,+a"),
            ("a\nb\nc\nd", "b\nd", "-a, b,-c, d"),
            ("x", "x", " x"),
        ] {
            let shown: Vec<String> = compare(old, new)
                .iter()
                .map(|line| {
                    let sign = match line.side {
                        Side::Both => ' ',
                        Side::Old => '-',
                        Side::New => '+',
                    };
                    format!("{sign}{}", line.text)
                })
                .collect();
            assert_eq!(shown.join(","), want, "{old:?} {new:?}");
        }
    }
}
