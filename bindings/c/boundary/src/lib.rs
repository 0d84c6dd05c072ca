//! `#[boundary]`: the one place where an exported function of the C library gets its guard.
//!
//! A panic that leaves an `extern "C"` function ends the process. The attribute puts the body of an export into a closure that is
//! run by the guard for its kind, so that no export can lack one: what the body returns with `?` becomes a number, and so does a
//! panic. The signature stays as written, for cbindgen and for readers.

use proc_macro::TokenStream;
use quote::quote;
use syn::{ItemFn, ReturnType, Type, parse_macro_input};

/// Guards an exported function. The body of one that returns `vantay_result_t` is a `Result<(), Failure>`; one that returns
/// nothing gives something up and has nobody to tell; any other returns a text, which is empty if it fails.
#[proc_macro_attribute]
pub fn boundary(_: TokenStream, item: TokenStream) -> TokenStream {
    let ItemFn { attrs, vis, sig, block } = parse_macro_input!(item as ItemFn);
    let name = sig.ident.to_string();
    let guard = match &sig.output {
        ReturnType::Default => quote!(quiet),
        ReturnType::Type(_, returned) if is_result(returned) => quote!(answered),
        ReturnType::Type(..) => quote!(text_or_nothing),
    };
    quote! {
        #(#attrs)*
        #vis #sig {
            crate::outcome::#guard(#name, || #block)
        }
    }
    .into()
}

fn is_result(returned: &Type) -> bool {
    matches!(returned, Type::Path(path) if path.path.is_ident("vantay_result_t"))
}
