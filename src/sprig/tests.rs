//! The functions as templates see them; the answers are those of Go's own sprig.

use std::any::Any;
use std::sync::LazyLock;

use super::FAMILIES;
use crate::diag::Source;
use crate::template::{Environment, Functions, MissingKey, Options, Set};
use crate::value::Value;
use crate::world::Real;

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| Functions::new(FAMILIES));

/// What a template prints, or the text of its error.
fn render(template: &str) -> Result<Vec<u8>, String> {
    let world = Real::new().with_seed("sprig");
    let options = Options {
        missing_key: MissingKey::Zero,
        ..Options::default()
    };
    let mut set = Set::new(&FUNCTIONS, options);
    set.parse("t", &Source::new("t", template))
        .map_err(|error| error.to_string())?;
    let environment = Environment {
        world: &world,
        host: &() as &dyn Any,
    };
    let mut out = Vec::new();
    set.execute("t", &Value::map([]), &environment, &mut out)
        .map_err(|error| error.to_string())?;
    Ok(out)
}

/// The name of the function that failed and its error; all before depends on the engine.
fn failure(template: &str) -> Option<String> {
    let error = render(template).err()?;
    let (_, failure) = error.split_once(": error calling ")?;
    Some(failure.to_owned())
}

#[test]
fn templates_print_what_go_prints() {
    for (template, want) in [
        (
            r#"{{ abbrev 5 "hello world" }} {{ abbrevboth 5 10 "1234 5678 9123" }} {{ abbrevboth -3 5 "abcdefgh" }}"#,
            "he... ...5678... ab...",
        ),
        (
            r#"{{ substr 2 100 "hello" }} {{ substr -1 3 "hello" }} {{ substr 1 -1 "hello" }}"#,
            "llo hel ello",
        ),
        (
            r#"{{ indent 2 "a\n\nb\n" | quote }} {{ nindent 1 "" | quote }}"#,
            "\"  a\\n  \\n  b\\n  \" \"\\n \"",
        ),
        (
            r#"{{ replace "" "-" "é世" }} {{ replace "a" "" "banana" }}"#,
            "-é-世- bnn",
        ),
        (
            r#"{{ title "it's a_b é2x ǆ" }}|{{ untitle "Foo Bar" }}|{{ swapcase "aB cD ǅ" }}|{{ initials "é foo" }}"#,
            "It'S A_b É2x ǅ|foo bar|Ab Cd ǆ|Ãf",
        ),
        (
            r#"{{ range list "HTTPServer" "http2xx" "Bld4Floor3rd" "GO-PATH" "a  b" "__x__" "ÀÉñ日本" "É1é2" "_" "" "--" }}{{ snakecase . }}|{{ kebabcase . }}|{{ camelcase . }},{{ end }}"#,
            "http_server|http-server|Httpserver,http_2xx|http-2xx|Http2xx,bld4_floor_3rd|bld4-floor-3rd|Bld4Floor3rd,go_path|go-path|GoPath,a__b|a--b|A B,__x__|--x--|__X__,à_éñ_日本|à-éñ-日本|Àéñ日本,é_1é2|é-1é2|É1é2,_|-|__,||,__|--|---,",
        ),
        (
            r#"{{ nospace "a \u00a0b" }} {{ upper "ßᾀǆİ" }} {{ lower "İÀΣ" }} {{ upper "\xff" | printf "%q" }}"#,
            "aÂb ßᾈǄİ iàσ \"�\"",
        ),
        (
            r#"{{ wrap 5 "aaa bbbbbbbb c d e" | quote }} {{ wrapWith 3 "|" "aaaaaa bb c" }} {{ wrap 0 "ab c" | quote }}"#,
            "\"aaa\\nbbbbbbbb\\nc d e\" aaa|aaa|bb|c \"ab\\nc\"",
        ),
        (
            r#"{{ trimAll "$é" "é$a$é" }} {{ trimSuffix "b" "ab" }} {{ trim "\u2003a\n" }} {{ trimAll "" " a " | quote }}"#,
            "a a a \" a \"",
        ),
        (
            r#"{{ split "," "a,b" | typeOf }} {{ splitn "," 2 "a,b,c" }} {{ splitList "" "aé" | toJson }} {{ splitn "," 0 "a" }}"#,
            "map[string]string map[_0:a _1:b,c] [\"a\",\"é\"] map[]",
        ),
        (
            r#"{{ $l := splitList "," "c,a,b" }}{{ sortAlpha $l }} {{ $l }} {{ sortAlpha (list 3 "b" nil 1) | toJson }} {{ sortAlpha 5 }}"#,
            "[a b c] [a b c] [\"1\",\"3\",\"b\"] [5]",
        ),
        (
            r#"{{ join "-" (list 1 nil "a" 2.5) }} {{ join "-" nil }} {{ toStrings (list nil 1) | typeOf }} {{ cat 1 nil "" "b" }}"#,
            "1-a-2.5  []string 1  b",
        ),
        (
            r#"{{ quote nil "a\"b" 1 }} {{ squote "it's" nil 2 }} {{ toString nil }} {{ toString (list 1 "a") }}"#,
            "\"a\\\"b\" \"1\" 'it's' '2' <nil> [1 a]",
        ),
        (
            r#"{{ plural "one" "many" 1 }} {{ plural "one" "many" 2 }} {{ trunc -3 "hello" }} {{ trunc 3 "hello" }} {{ trunc -9 "hello" }}"#,
            "one many llo hel hello",
        ),
        (
            "{{ chunk 2 (list 1 2 3) | toJson }} {{ chunk 2 (list) | toJson }} {{ chunk -3 (list 1) | toJson }}",
            "[[1,2],[3]] [] [[1]]",
        ),
        (
            r#"{{ rest (list) | toJson }} {{ initial (list) | toJson }} {{ concat | toJson }} {{ first (list) | toJson }} {{ compact (list 0 "" 1) }}"#,
            "null null null null [1]",
        ),
        (
            r#"{{ uniq (list 1 1.0 "1" 1 "1" (list 1) (list 1)) | toJson }} {{ without (list 1 2 3) 2 | toJson }} {{ has 3 (list 3.0) }} {{ has 1 nil }}"#,
            "[1,1,\"1\",[1]] [1,3] false false",
        ),
        (
            r#"{{ slice (list 1 2 3) 1 "3" }} {{ slice (splitList "," "a,b,c") 1 | typeOf }} {{ slice (list) 4 9 | toJson }}"#,
            "[2 3] []string null",
        ),
        (
            r#"{{ dict "a" | toJson }} {{ dict nil 1 2 3 }} {{ get (dict "a" 1) "b" | toJson }} {{ hasKey (dict "a" nil) "a" }}"#,
            "{\"a\":\"\"} map[2:3 <nil>:1] \"\" true",
        ),
        (
            r#"{{ $d := dict "a" 1 }}{{ $e := $d }}{{ $_ := set $d "b" 2 }}{{ $e }} {{ unset $d "a" }} {{ keys $e }} {{ values $e }}"#,
            "map[a:1 b:2] map[b:2] [b] [2]",
        ),
        (
            r#"{{ pick (dict "a" 1 "b" 2) "a" "z" }} {{ omit (dict "a" 1 "b" 2) "a" }} {{ pluck "a" (dict "a" 1) (dict) (dict "a" nil) | toJson }}"#,
            "map[a:1] map[b:2] [1,null]",
        ),
        (
            r#"{{ dig "a" "b" "d" (dict "a" (dict "b" nil)) | toJson }} {{ dig "a" "x" "d" (dict "a" (dict)) }}"#,
            "null d",
        ),
        (
            r#"{{ merge (dict "a" 0 "m" (dict "x" 1)) (dict "a" 5 "m" (dict "x" 2 "y" 3)) (dict "n" (list)) | toJson }}"#,
            "{\"a\":5,\"m\":{\"x\":1,\"y\":3},\"n\":[]}",
        ),
        (
            r#"{{ mergeOverwrite (dict "a" 1 "m" (dict "x" 1)) (dict "a" 0 "m" (dict)) (dict "a" nil) | toJson }}"#,
            "{\"a\":null,\"m\":{\"x\":1}}",
        ),
        (
            r#"{{ $s := dict "k" (dict "x" 1) }}{{ $d := merge (dict) $s }}{{ $_ := set $d.k "y" 2 }}{{ toJson $s }}"#,
            "{\"k\":{\"x\":1,\"y\":2}}",
        ),
        (
            r#"{{ merge (dict "v" (semver "1.2.3")) (dict "v" (dict)) | quote }}"#,
            "\"\"",
        ),
        (
            r#"{{ $a := dict "x" (dict "y" 1) }}{{ $b := deepCopy $a }}{{ $_ := set $b.x "y" 2 }}{{ $a }} {{ deepCopy (split "," "a") | typeOf }}"#,
            "map[x:map[y:1]] map[string]string",
        ),
        (
            r#"{{ add 9223372036854775807 1 }} {{ sub "9" -2 }} {{ mul 2 "3" 1.9 }} {{ div -7 2 }} {{ mod -7 2 }} {{ add }} {{ add1 "x" }}"#,
            "-9223372036854775808 11 6 -3 -1 0 1",
        ),
        (
            r#"{{ addf 0.1 0.2 }} {{ divf 1 3 }} {{ divf -2 3 }} {{ mulf 1.1 1.1 }} {{ subf 1 0.9 }} {{ addf 1e20 1 }} {{ add1f "1.5" }}"#,
            "0.3 0.3333333333333333 -0.6666666666666667 1.21 0.1 1e+20 2.5",
        ),
        (
            "{{ divf 4 1.2195864379948795e-13 3 7 }}",
            "1.5618096802499062e+12",
        ),
        (
            "{{ round 2.5 0 }} {{ round -2.5 0 }} {{ round 1.005 2 }} {{ round 123.456 -1 }} {{ round 99.995 2 0.9 }} {{ round 5 400 }}",
            "3 -3 1 120 99.99 NaN",
        ),
        (
            r#"{{ int "5.7" }} {{ int "10.00" }} {{ int "010" }} {{ int "0x1f" }} {{ int 1e19 }} {{ int true }} {{ int " 7" }} {{ float64 "1_0.5" }} {{ float64 "1e400" }}"#,
            "0 10 8 31 -9223372036854775808 1 0 10.5 0",
        ),
        (
            r#"{{ atoi "99999999999999999999" }} {{ atoi "-99999999999999999999" }} {{ atoi "x" }} {{ toDecimal "777" }} {{ toDecimal 755 }} {{ toDecimal 9 }}"#,
            "9223372036854775807 -9223372036854775808 0 511 493 0",
        ),
        (
            r#"{{ max 1.9 1 }} {{ min 1 "a" }} {{ maxf 1 2.5 }} {{ minf -0.0 0 }} {{ maxf (float64 "NaN") 1 }} {{ floor -1.5 }} {{ ceil "1.2" }}"#,
            "1 0 2.5 -0 NaN -2 2",
        ),
        (
            "{{ until -3 }} {{ untilStep 0 10 3 }} {{ untilStep 5 0 1 | toJson }} {{ until 2 | typeOf }} {{ seq 0 }}|{{ seq 5 2 }}|{{ seq 1 2 9 }}|{{ seq 5 1 2 }}|{{ seq }}|{{ seq 1 2 3 4 }}|{{ seq 0 0 5 }}",
            "[0 -1 -2] [0 3 6 9] [] []int 1 0|5 4 3 2|1 3 5 7 9||||",
        ),
        (
            r#"{{ default 1 }} {{ default 1 2 3 }} {{ default "d" (list) }} {{ empty (semver "0.0.0") }} {{ coalesce nil 0 "a" }} {{ all }} {{ any 0 1 }} {{ ternary 1 2 false }}"#,
            "1 2 d false a true true 2",
        ),
        (
            r#"{{ typeOf nil }} {{ kindOf nil }} {{ typeOf (split "," "") }} {{ kindOf (semver "1.2.3") }} {{ typeIsLike "semver.Version" (semver "1.2.3") }} {{ deepEqual (list 1) (list 1.0) }} {{ deepEqual nil nil }}"#,
            "<nil> invalid map[string]string ptr true false true",
        ),
        (
            r#"{{ b64dec "aGVsbG8" }}|{{ b64dec "aG=s" }}|{{ b64dec "====" }}|{{ b64dec "aGVs\nbG8=\n" }}|{{ b32dec "MY" }}|{{ b32dec "MFRGG===" }}|{{ b32enc "é" }}|{{ b32dec "MY======x" }}"#,
            "illegal base64 data at input byte 4|illegal base64 data at input byte 2|illegal base64 data at input byte 0|hello|illegal base32 data at input byte 0|abc|YOUQ====|f",
        ),
        (
            r#"{{ sha1sum "a" }} {{ adler32sum "hello world" }} {{ sha256sum "" | trunc 16 }} {{ sha512sum "" | trunc 16 }}"#,
            "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8 436929629 e3b0c44298fc1c14 cf83e1357eefb8bd",
        ),
        (
            r#"{{ derivePassword 1 "pin" "p" "u" "s" }} {{ derivePassword 1 "none" "p" "u" "s" }}"#,
            "2461 cannot find password template none",
        ),
        (
            r#"{{ decryptAES "key" "AAECAwQFBgcICQoLDA0OD2hUUx6/DYgleu7EOtczPlU=" }}"#,
            "top sécret",
        ),
        (
            r#"{{ htpasswd "a:b" "p" }} {{ bcrypt (repeat 73 "a") }}"#,
            "invalid username: a:b failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
        ),
        (
            "{{ randAlpha -1 }}{{ randNumeric 0 }}|{{ len (randAlphaNum 7) }} {{ len (randAscii 3) }} {{ len (randBytes 3) }} {{ uuidv4 | len }} {{ randInt 5 6 }}",
            "|7 3 4 36 5",
        ),
        (r#"{{ genPrivateKey "x" }}"#, "Unknown type x"),
        (
            r#"{{ $c := genCAWithKey "x" 1 (genPrivateKey "ed25519") }}{{ $d := genSignedCertWithKey "y" (list "10.0.0.1" "::1") (list "a") 5 $c (genPrivateKey "ecdsa") }}{{ kindOf $d }} {{ typeOf $d }} {{ hasPrefix "-----BEGIN EC PRIVATE KEY-----\n" $d.Key }}"#,
            "struct sprig.certificate true",
        ),
    ] {
        let got = render(template).map(|out| String::from_utf8_lossy(&out).into_owned());
        assert_eq!(got.as_deref(), Ok(want), "{template}");
    }
}

#[test]
fn functions_fail_as_in_go() {
    for (template, want) in [
        (
            r#"{{ substr 10 12 "hello" }}"#,
            "substr: runtime error: slice bounds out of range [10:5]",
        ),
        (
            r#"{{ substr 4 2 "hello" }}"#,
            "substr: runtime error: slice bounds out of range [4:2]",
        ),
        (
            r#"{{ substr -1 -2 "hello" }}"#,
            "substr: runtime error: slice bounds out of range [:-2]",
        ),
        (
            r#"{{ substr -1 9 "hello" }}"#,
            "substr: runtime error: slice bounds out of range [:9] with length 5",
        ),
        (
            r#"{{ repeat -1 "a" }}"#,
            "repeat: strings: negative Repeat count",
        ),
        (
            r#"{{ repeat 9223372036854775807 "ab" }}"#,
            "repeat: strings: Repeat output length overflow",
        ),
        (
            r#"{{ indent -1 "a" }}"#,
            "indent: strings: negative Repeat count",
        ),
        (
            "{{ chunk 0 (list 1) }}",
            "chunk: runtime error: makeslice: len out of range",
        ),
        ("{{ append 5 1 }}", "append: Cannot push on type int"),
        (
            "{{ first nil }}",
            "first: runtime error: invalid memory address or nil pointer dereference",
        ),
        (
            r#"{{ concat (list 1) "a" }}"#,
            "concat: Cannot concat type string as list",
        ),
        (
            "{{ slice (list 1 2 3) 0 10 }}",
            "slice: reflect.Value.Slice: slice index out of bounds",
        ),
        (
            r#"{{ slice "abc" 1 }}"#,
            "slice: list should be type of slice or array but string",
        ),
        (
            r#"{{ set nil "a" 1 }}"#,
            "set: assignment to entry in nil map",
        ),
        (
            r#"{{ dig "a" "b" "d" (dict "a" 1) }}"#,
            "dig: interface conversion: interface {} is int, not map[string]interface {}",
        ),
        (
            r#"{{ dig "a" (dict) }}"#,
            "dig: dig needs at least three arguments",
        ),
        (
            r#"{{ dig 1 "d" (dict) }}"#,
            "dig: interface conversion: interface {} is int, not string",
        ),
        (
            r#"{{ dig "a" "d" (split "," "a") }}"#,
            "dig: interface conversion: interface {} is map[string]string, not map[string]interface {}",
        ),
        (
            r#"{{ merge (dict "b" (split "," "c")) (dict "b" (dict "e" 5)) }}"#,
            "merge: reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
        ),
        (
            r#"{{ mustMerge (dict "b" (split "," "c")) (dict "b" (dict "e" (list))) }}"#,
            "mustMerge: reflect.Value.SetMapIndex: value of type []interface {} is not assignable to type string",
        ),
        (
            r#"{{ mustMerge (dict "v" (semver "1.2.3")) (dict "v" (dict)) }}"#,
            "mustMerge: src and dst must be of same type",
        ),
        (
            "{{ deepCopy nil }}",
            "deepCopy: reflect: call of reflect.Value.Type on zero Value",
        ),
        (
            "{{ div 1 0.5 }}",
            "div: runtime error: integer divide by zero",
        ),
        ("{{ divf 1 0 }}", "divf: decimal division by 0"),
        (
            r#"{{ addf "Inf" 1 }}"#,
            "addf: Cannot create a Decimal from +Inf",
        ),
        (
            r#"{{ decryptAES "wrong" "AAECAwQFBgcICQoLDA0OD2hUUx6/DYgleu7EOtczPlU=" }}"#,
            "decryptAES: runtime error: slice bounds out of range [:-156]",
        ),
        (
            r#"{{ decryptAES "key" "AAEC" }}"#,
            "decryptAES: runtime error: slice bounds out of range [:16] with capacity 3",
        ),
        (
            r#"{{ decryptAES "key" "AAECAwQFBgcICQoLDA0ODw==" }}"#,
            "decryptAES: runtime error: index out of range [-1]",
        ),
        (
            r#"{{ decryptAES "key" "AAECAwQFBgcICQoLDA0OD2hU" }}"#,
            "decryptAES: crypto/cipher: input not full blocks",
        ),
        ("{{ randInt 5 5 }}", "randInt: invalid argument to Intn"),
        (
            "{{ randBytes -1 }}",
            "randBytes: runtime error: makeslice: len out of range",
        ),
        (
            r#"{{ genCAWithKey "x" 1 "-----BEGIN X-----\nAAAA\n-----END X-----\n" }}"#,
            "genCAWithKey: parsing private key: no private key data in PEM block of type X",
        ),
        (
            r#"{{ genCAWithKey "x" 1 "-----BEGIN X PRIVATE KEY-----\nAAAA\n-----END X PRIVATE KEY-----\n" }}"#,
            "genCAWithKey: parsing private key: invalid private key type X PRIVATE KEY",
        ),
        (
            r#"{{ genSelfSignedCert "x" (list "300.0.0.1") nil 1 }}"#,
            "genSelfSignedCert: error parsing ip: 300.0.0.1",
        ),
        (
            r#"{{ genSelfSignedCert "x" (list 1) nil 1 }}"#,
            "genSelfSignedCert: error parsing ip: 1 is not a string",
        ),
        (
            r#"{{ genSelfSignedCert "x" nil (list nil) 1 }}"#,
            "genSelfSignedCert: error processing alternate dns name: <nil> is not a string",
        ),
        (
            r#"{{ genSelfSignedCertWithKey "x" nil (list "é") 1 (genPrivateKey "ecdsa") }}"#,
            "genSelfSignedCertWithKey: error creating certificate: x509: \"é\" cannot be encoded as an IA5String",
        ),
        (
            r#"{{ genSelfSignedCertWithKey "\xff" nil nil 1 (genPrivateKey "ecdsa") }}"#,
            "genSelfSignedCertWithKey: error creating certificate: asn1: string not valid UTF-8",
        ),
        (
            r#"{{ $a := genCAWithKey "x" 1 (genPrivateKey "ecdsa") }}{{ $b := genCAWithKey "x" 1 (genPrivateKey "ecdsa") }}{{ genSignedCertWithKey "y" nil nil 1 (buildCustomCert (b64enc $a.Cert) (b64enc $b.Key)) (genPrivateKey "ed25519") }}"#,
            "genSignedCertWithKey: error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey",
        ),
        (
            r#"{{ buildCustomCert "" "" }}"#,
            "buildCustomCert: unable to decode certificate",
        ),
        (
            r#"{{ buildCustomCert "AAAA" "!" }}"#,
            "buildCustomCert: unable to decode base64 private key",
        ),
    ] {
        assert_eq!(failure(template).as_deref(), Some(want), "{template}");
    }
}

#[test]
fn what_would_fill_the_memory_is_refused() {
    for template in [
        "{{ repeat 1000000000 \"a\" }}",
        "{{ indent 1000000000 \"a\" }}",
        "{{ nindent 100000000000 \"a\" }}",
        "{{ until 1000000000000 }}",
        "{{ untilStep -9223372036854775807 9223372036854775807 1 }}",
        "{{ seq 1 99999999999 }}",
        "{{ randAlphaNum 1000000000000 }}",
        "{{ randBytes 1000000000000 }}",
        "{{ $x := repeat 100000000 \"a\" }}{{ replace \"a\" \"bbbb\" $x }}",
    ] {
        let error = failure(template).unwrap_or_default();
        assert!(error.contains("the limit is"), "{template}: {error}");
    }
}

#[test]
fn a_seed_makes_randomness_repeatable() {
    for template in [
        "{{ randAlphaNum 20 }} {{ uuidv4 }} {{ randInt 0 1000000 }} {{ shuffle \"abcdefgh\" }}",
        "{{ genPrivateKey \"ecdsa\" }}{{ genPrivateKey \"ed25519\" }}",
        "{{ bcrypt \"x\" }} {{ encryptAES \"x\" \"y\" }}",
    ] {
        assert_eq!(render(template), render(template), "{template}");
    }
}
