internal import Mustache

/// A page of the hub as values: filled by a handler, turned into HTML by a template of the same name. A page does no
/// I/O and knows no request, so equal pages are equal HTML.
///
/// Texts may come from anywhere, they are escaped. Links (`href`, `action`) are paths that the hub made; a page does
/// not check them.
protocol Page: Sendable {
    static var template: String { get }
}

extension Page {
    /// The whole document, to be sent as `text/html; charset=utf-8` with `PagePolicy.headers`.
    func html() -> String { PageLibrary.shared.render(self, with: Self.template) }
}

/// The response headers that every page is made for: it needs nothing but what the hub itself serves, and no inline
/// script or style.
enum PagePolicy {
    static let headers: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        ),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        // A page says who is logged in; the back button after a logout must not show it again.
        ("Cache-Control", "no-store"),
    ]
}
