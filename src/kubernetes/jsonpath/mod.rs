//! JSONPath as kubectl speaks it: text with expressions in braces
//! (`k8s.io/client-go/util/jsonpath`, v0.36.1).
//!
//! ```
//! use pintle::kubernetes::jsonpath::Template;
//! use pintle::value::{Frozen, FrozenMap, Text};
//!
//! let data = FrozenMap::from([(Text::from("a"), Frozen::Bool(true))]);
//! let template = Template::parse("a is {.a}")?;
//! assert_eq!(template.print(&Frozen::Map(data.into())), b"a is true");
//! # Ok::<(), String>(())
//! ```

mod evaluate;
mod parse;

use crate::value::Frozen;

/// A template, read.
#[derive(Clone, Debug)]
pub struct Template {
    /// Texts, and what stood in each pair of braces.
    parts: Vec<Path>,
}

/// Steps that follow each other.
type Path = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    /// A text; one, whatever came before.
    Text(Frozen),
    /// A number or a boolean; one for each value.
    Constant(Frozen),
    /// `.name`
    Field(String),
    /// `[from:to:step]`
    Range(Bounds),
    /// `[?(left operator right)]`; without an operator it is asked whether there is anything.
    Filter {
        left: Path,
        operator: Option<String>,
        right: Path,
    },
    /// `[a,b]`
    Union(Vec<Path>),
    /// `.*`
    Wildcard,
    /// `..`
    Descend,
    /// A word; `range` and `end` are known.
    Word(String),
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    from: Option<i64>,
    to: End,
    step: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    /// As written.
    At(i64),
    /// Not written, for one item is meant: behind the start.
    Next(i64),
    /// The list's own end.
    Open,
}

impl Template {
    /// Reads a template (Go: `printers.NewJSONPathPrinter`).
    ///
    /// # Errors
    /// What is wrong with it, in the library's words.
    pub fn parse(text: &str) -> Result<Template, String> {
        parse::template(text).map(|parts| Template { parts })
    }

    /// What the template makes of `data`; nothing where it fails, as missing keys make it
    /// (Go: `JSONPath.Execute`, whose error Helm drops). Entries of maps come in the order of their
    /// keys, where Go's is by chance.
    pub fn print(&self, data: &Frozen) -> Vec<u8> {
        evaluate::print(&self.parts, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::json;

    const DATA: &str = r#"{"b":true,"big":123456789012345678901,"e":1000,"empty":[],"f":1.5,
        "l":[{"name":"a","port":80},{"name":"b","port":443},{"name":"c"}],
        "m":{"a.b":"dot","z":[1,2,3],"x":1},"nul":null,"s":"text","h":"<&>",
        "p":[{"n":1,"on":true},{"n":2,"on":false}],"o":[null,"x"],"d":[[1,2],[3,4]]}"#;

    #[test]
    fn templates_print_what_the_library_prints() {
        let data = json::decode(DATA.as_bytes()).unwrap();
        for (text, want) in [
            ("text", "text"),
            (
                "{.e} {.f} {.big} {.s} {.nul} {.b}",
                "1000 1.5 1.2345678901234568e+20 text null true",
            ),
            ("{.}", ""),
            ("{.m}{$.m.x}{@.m.x}", r#"{"a.b":"dot","x":1,"z":[1,2,3]}11"#),
            ("{.h}{.o}", r#"<&>[null,"x"]"#),
            ("{.nope}", ""),
            ("a{.nope}", ""),
            ("{.l[?(@.port==80)].name}", ""),
            ("{.p[?(@.n>1.5)].n}", "2"),
            ("{.p[?(@.n==2.0)].n}", "2"),
            ("{.p[?(@.on==true)].n}", "1"),
            ("{.p[?(@.on<true)].n}", ""),
            ("{.l[?(@.port)].name}", "a b"),
            ("{.l[?(@.name=='b')].port}", "443"),
            ("{.l[?(@.name!=\"b\")].name}", "a c"),
            ("{.l[?(@.name>=\"b\")].name}", "b c"),
            ("{.l[?(@.name<=\"b\")].name}", "a b"),
            ("{.l[?(@.name<\"b\")].name}", "a"),
            ("{.l[?(@.name=~\"b\")].name}", ""),
            ("{.l[?(@.name[0])].name}", "a b c"),
            ("{range .l[*]}{.name}{\"\\n\"}{end}done", "a\nb\nc\ndone"),
            ("{range .l[*]}{.name}", ""),
            ("{range .l[*]}x{end", ""),
            ("{range .l[*]}x", "xxxx"),
            ("{range .d[*]}<{range @[*]}{@},{end}>{end}", "<1,2,><3,4,>"),
            ("{range .empty[*]}{.name}{end}x", ""),
            ("{range .empty[*]}a{end}x", "x"),
            ("{range .o[*]}[{@}]{end}", "[<no value>][x]"),
            ("{.m.*}", "dot 1 [1,2,3]"),
            ("{..name}", "a b c"),
            ("{.m..x}", "1"),
            ("{.m..}", r#"{"a.b":"dot","x":1,"z":[1,2,3]} dot [1,2,3]"#),
            (
                "{.m.z[0:2]} {.m.z[-1]} {.m.z[]} {.m.z[::2]} {.m.z[1:]}",
                "1 2 3 1 1 3 2 3",
            ),
            ("{.m.z[1:1]}x{.m.z[3]}", ""),
            ("{.m.z[1:1]}x", "x"),
            ("{.m.z[2:1]}", ""),
            ("{.m.z[0:2:0]}", ""),
            ("{.m.z[5:]}", ""),
            ("{.l[0,2].name}", "a c"),
            ("{.m['x', 'a\\.b']}", "1 dot"),
            ("{.m['a.b']}", ""),
            ("{.s.*}", "116 101 120 116"),
            ("{true}{1}{-2.5}{+3}", "true1-2.53"),
            ("{foo}", ""),
            ("{end}", ""),
            ("{'a'}{\"b\\t\"}", "ab\t"),
            ("{}", ""),
        ] {
            let got = Template::parse(text).map_or_else(
                |_| String::new(),
                |template| String::from_utf8(template.print(&data)).unwrap(),
            );
            if text == "{}" {
                assert!(got.starts_with("{\"b\":true,\"big\":123456789012345680000,"));
            } else {
                assert_eq!(got, want, "{text}");
            }
        }
    }

    #[test]
    fn wrong_templates_are_refused_in_the_librarys_words() {
        for (text, want) in [
            ("{.a", "unclosed action"),
            ("{.a\n}", "unclosed action"),
            ("{#}", "unrecognized character in action: U+0023 '#'"),
            ("{[}", "unterminated array"),
            ("{.l[x]}", "invalid array index x"),
            ("{.l[-]}", "array index - is not a number"),
            (
                "{.l[99999999999999999999]}",
                "array index 99999999999999999999 is not a number",
            ),
            ("{\"a", "unterminated quoted string"),
            ("{\"\\q\"}", "unquote string \"\\q\" error invalid syntax"),
            ("{1.2.3}", "cannot parse number 1.2.3"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{.l[?(@.name", "unterminated filter"),
            ("{.l[?(@.name)}", "unclosed array expect ]"),
            (
                "{.l[?(a==)]}",
                "unrecognized character in action: U+003D '='",
            ),
        ] {
            assert_eq!(Template::parse(text).unwrap_err(), want, "{text}");
        }
    }
}
