internal import Mustache

/// The templates, parsed once. In a template every name that stands in a section begins with a dot: without it a value
/// that is nil is looked for in everything around it.
struct PageLibrary: Sendable {
    static let shared = PageLibrary(templates: PageTemplates.all)

    private let library: MustacheLibrary

    private init(templates: [(name: String, text: [UInt8])]) {
        MustacheContentTypes.register(HTMLText(), named: HTMLText.name)
        var library = MustacheLibrary()
        for (name, text) in templates {
            let source = "{{% CONTENT_TYPE: \(HTMLText.name)}}" + String(decoding: text, as: UTF8.self)
            do {
                try library.register(source, named: name)
            } catch {
                preconditionFailure("the template \(name).mustache does not parse: \(error)")
            }
        }
        self.library = library
    }

    func render(_ page: some Page, with template: String) -> String {
        guard let html = library.render(PageContent(page: page), withTemplate: template) else {
            preconditionFailure("there is no template \(template).mustache in PageTemplates.all")
        }
        return html
    }
}

/// What a template sees: the members of the page, and what all pages share.
private struct PageContent: MustacheParent {
    let page: any Page

    func child(named name: String) -> Any? {
        switch name {
        case "style": Asset.style.path
        case "mark": Asset.mark.path
        case "momentScript": Asset.momentScript.path
        case "progressScript": Asset.progressScript.path
        case "csrfField": Frame.csrfField
        default: value(named: name)
        }
    }

    private func value(named name: String) -> Any? {
        guard let value = Mirror(reflecting: page).children.first(where: { $0.label == name })?.value else {
            return nil
        }
        guard case .optional = Mirror(reflecting: value).displayStyle else { return value }
        return Mirror(reflecting: value).children.first?.value
    }
}
