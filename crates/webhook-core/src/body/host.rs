use http::Request;

/// Raises the host framework's own limit on request bodies to `bytes`, for this request.
///
/// With the feature `axum`, an extractor such as axum's `Json` refuses more than 2 MB on its own,
/// and would refuse a body that a layer has taken and verified. A limit under that needs no
/// raising, and costs nothing. Without the feature this does nothing.
pub fn raise_host_limit<B>(request: &mut Request<B>, bytes: u64) {
    #[cfg(feature = "axum")]
    {
        /// What axum's extractors take unless told otherwise (`axum-core`'s `DefaultBodyLimit`).
        const AXUM_DEFAULT: u64 = 2_097_152;
        if bytes > AXUM_DEFAULT {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            axum_core::extract::DefaultBodyLimit::max(bytes).apply(request);
        }
    }
    #[cfg(not(feature = "axum"))]
    let _ = (request, bytes);
}

#[cfg(all(test, feature = "axum"))]
mod tests {
    use axum_core::{body::Body, extract::FromRequest as _};
    use bytes::Bytes;
    use http::Request;

    use super::raise_host_limit;

    #[tokio::test]
    async fn axum_takes_what_the_layer_took_and_is_never_stricter_for_it() {
        const AXUM_DEFAULT: usize = 2 * 1024 * 1024;
        for (raised, length, is_taken) in [
            (None, AXUM_DEFAULT, true),
            (None, AXUM_DEFAULT + 1, false),
            (Some(3 * 1024 * 1024), AXUM_DEFAULT + 1, true),
            (Some(8), AXUM_DEFAULT, true),
            (Some(8), AXUM_DEFAULT + 1, false),
        ] {
            let mut request = Request::new(Body::from(vec![0; length]));
            if let Some(bytes) = raised {
                raise_host_limit(&mut request, bytes);
            }
            let taken = Bytes::from_request(request, &()).await;
            assert_eq!(taken.is_ok(), is_taken, "{raised:?} {length}");
        }
    }
}
