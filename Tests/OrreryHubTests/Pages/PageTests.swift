import Foundation
import OrreryModel
import Testing

@testable import OrreryHub

@Suite struct PageTests {
    @Test(arguments: PageSamples.all.map(\.name))
    func pageRefersOnlyToOurOwnFiles(_ name: String) throws {
        let html = try #require(PageSamples.all.first { $0.name == name }).page.html()
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        #expect(html.contains(Asset.style.path))
        #expect(!html.contains("{{") && !html.contains("Optional("))
        #expect(!html.contains(" style=") && !html.contains("<style") && !html.contains(" on" + "click="))
        #expect(html.ranges(of: "<script").count == html.ranges(of: "<script src=\"/hub/static/").count)
        #expect(!html.contains("http://") && !html.contains("https://"))
    }

    @Test func samplesAreWrittenWhereAskedFor() throws {
        guard let directory = ProcessInfo.processInfo.environment["ORRERY_PAGES"] else { return }
        for (name, page) in PageSamples.all {
            try Data(page.html().utf8).write(to: URL(filePath: "\(directory)/\(name).html"))
        }
        for asset in Asset.all {
            let folder = "\(directory)/hub/static/\(asset.hash)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(asset.bytes).write(to: URL(filePath: "\(folder)/\(asset.name)"))
        }
    }
}
