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
