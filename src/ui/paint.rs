//! Colours that tell names apart.

/// Letters of the terminal's own colours, without those that mean good and bad.
const COLORS: [u8; 6] = [36, 33, 35, 34, 96, 95];

/// `text` in the colour of `name`, which is the same each time.
pub fn name(name: &str, text: &str) -> String {
    let sum = name.bytes().fold(0u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let color = COLORS[sum as usize % COLORS.len()];
    format!("\x1b[{color}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(name("web-1", "x"), name("web-1", "x"));
        let all: Vec<String> = (0..20).map(|at| name(&format!("web-{at}"), "x")).collect();
        assert!(all.iter().any(|other| *other != all[0]));
        assert!(
            all.iter().all(|text| text.ends_with("mx\x1b[0m")),
            "{all:?}"
        );
    }
}
