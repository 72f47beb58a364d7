//! What is in `deploy/`: HAProxy and nginx in front of real instances, of whose configurations only the
//! addresses are others, and the manifests for Kubernetes.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // in tests, helpers included

/// Makes tests of these functions, for each of the balancers.
macro_rules! behind_both {
    ($($test:ident,)+) => {
        behind_both!(haproxy, HAProxy: $($test,)+);
        behind_both!(nginx, Nginx: $($test,)+);
    };
    ($module:ident, $product:ident: $($test:ident,)+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test(crate::balancer::Product::$product);
                }
            )+
        }
    };
}

mod answers;
mod balancer;
mod failures;
mod load;
mod manifests;
mod overload;
mod streams;
