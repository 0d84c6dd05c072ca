//! Every export, spoilt argument by argument: NULL, misaligned, too long. And every export, made to panic.
//!
//! A row makes a good call of an export over a small gallery; each argument passes through a [`Spoiler`], which spoils one of them at
//! a time. That no export lacks a row is tested too.

mod calls;
mod fixture;
mod spoiler;

use super::*;
use calls::{CALLS, Call, FREES, TEXTS};
use fixture::Fixture;
use spoiler::{Fault, Spoiler};
use std::{collections::BTreeSet, ffi::CStr, fs, path::Path};

fn detail() -> String {
    // SAFETY: the detail is a text that ends in zero.
    unsafe { CStr::from_ptr(vantay_last_detail()) }.to_str().unwrap().to_owned()
}

fn make(call: Call, fixture: &Fixture, fault: Fault, at: usize) -> (Spoiler, vantay_result_t) {
    let mut spoiler = Spoiler { fault, at, seen: 0, spoilt: None };
    // SAFETY: the rows hand over what lives in the fixture or in the row, and spoil it only as the header allows.
    let result = unsafe { call(&mut spoiler, fixture) };
    (spoiler, result)
}

#[test]
fn a_bad_argument_is_answered_with_a_number_that_names_it() {
    let fixture = Fixture::new();
    let mut spoilt = 0;
    for &(name, call) in CALLS {
        for fault in [Fault::Null, Fault::Misaligned, Fault::TooLong] {
            for at in 0.. {
                let (spoiler, result) = make(call, &fixture, fault, at);
                if at >= spoiler.seen {
                    break;
                }
                let Some((argument, expected)) = spoiler.spoilt else { continue };
                spoilt += 1;
                match expected {
                    Some(expected) => {
                        assert_eq!(result, expected, "{name}: {argument} {fault:?}: {}", detail());
                        // Of a signal handler nothing can be told in words.
                        let is_told = name == "vantay_stop_set" || detail().contains(argument);
                        assert!(is_told, "{name}: {argument} {fault:?}: {}", detail());
                    }
                    None => assert!(
                        ![VANTAY_ERROR_NULL, VANTAY_ERROR_ALIGNMENT, VANTAY_ERROR_LENGTH].contains(&result),
                        "{name}: {argument} may be NULL: {}",
                        detail()
                    ),
                }
            }
        }
    }
    assert!(spoilt > 200, "{spoilt} arguments spoilt");
    for &(_, free) in FREES {
        free(0);
        free(1);
    }
}

#[test]
fn a_panic_in_any_export_stays_inside() {
    let fixture = Fixture::new();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut answers = Vec::new();
    for &(name, call) in CALLS {
        outcome::provoked::CALL.set(name);
        let (_, result) = make(call, &fixture, Fault::None, 0);
        outcome::provoked::CALL.set("");
        answers.push((name, result, detail()));
    }
    for &(name, free) in FREES {
        outcome::provoked::CALL.set(name);
        free(0);
    }
    for &(name, text) in TEXTS {
        outcome::provoked::CALL.set(name);
        // SAFETY: a text that ends in zero.
        let told = unsafe { CStr::from_ptr(text()) }.to_owned();
        answers.push((
            name,
            if told.is_empty() { VANTAY_ERROR_PANIC } else { VANTAY_OK },
            format!("provoked in {name}"),
        ));
    }
    outcome::provoked::CALL.set("");
    std::panic::set_hook(hook);
    for (name, result, detail) in answers {
        assert_eq!((result, detail), (VANTAY_ERROR_PANIC, format!("provoked in {name}")));
    }
}

#[test]
fn every_export_is_guarded_and_tried_and_says_what_threads_may_do() {
    let mut exports = BTreeSet::new();
    let sources = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    for source in sources.map(|source| source.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(source).unwrap();
        for item in syn::parse_file(&text).unwrap().items {
            let syn::Item::Fn(function) = item else { continue };
            if function.sig.abi.is_none() {
                continue;
            }
            let name = function.sig.ident.to_string();
            assert!(function.attrs.iter().any(|a| a.path().is_ident("boundary")), "{name} is not guarded");
            assert!(function.attrs.iter().any(|a| a.path().is_ident("unsafe")), "{name} is not exported");
            let says = |attribute: &syn::Attribute| match &attribute.meta {
                syn::Meta::NameValue(syn::MetaNameValue {
                    value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
                    ..
                }) => text.value().contains("thread"),
                _ => false,
            };
            assert!(function.attrs.iter().any(says), "{name} does not say what threads may do");
            exports.insert(name);
        }
    }
    let rows = CALLS.iter().map(|(name, _)| *name).chain(FREES.iter().map(|(name, _)| *name));
    let tried: BTreeSet<String> = rows.chain(TEXTS.iter().map(|(name, _)| *name)).map(str::to_owned).collect();
    assert_eq!(tried, exports);
}
