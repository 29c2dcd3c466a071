import OrreryModel
import Testing

@testable import OrreryHub

@Suite struct HomePageTests {
    let html = PageSamples.home.html()

    @Test func everyFormSendsTheToken() {
        let pages = PageSamples.all.map { $0.page.html() }
        for html in pages {
            let forms = html.ranges(of: "<form method=\"post\"").count
            let tokens = html.ranges(of: "<input type=\"hidden\" name=\"_xsrf\" value=\"token-of-the-test\">").count
            #expect(forms == tokens)
            // What only asks for a page needs no proof.
            #expect(html.ranges(of: "<form").count == forms + html.ranges(of: "<form method=\"get\"").count)
        }
        #expect(html.contains("<form"))
    }

    // HTML 4.10.21.2: Enter in a field presses the form's first button, and does nothing where that one is disabled.
    @Test func enterPressesNoneOfSeveralButtons() throws {
        var several = 0
        for (name, page) in PageSamples.all {
            for form in page.html().matches(of: /<form[^>]*>(?<fields>.*?)<\/form>/.dotMatchesNewlines()) {
                let buttons = form.output.fields.matches(of: /<button[^>]*>/).map { String($0.output) }
                guard buttons.count > 1, form.output.fields.contains(" type=\"text\"") else { continue }
                several += 1
                #expect(buttons.first == "<button disabled hidden>", "\(name)")
            }
        }
        #expect(several == 3)
    }

    @Test func everyClusterShowsItsOwnFiles() throws {
        let south = try #require(html.firstRange(of: "Your files on South"))
        let west = try #require(html.firstRange(of: "Your files on West"))
        let files = html[south.lowerBound..<west.lowerBound]
        #expect(files.contains("/home/ada") && !files.contains("/scratch/ada"))
        #expect(files.contains("the cluster South has no storage for it"))
    }

    @Test func memberThatIsNilShowsNothingOfWhatSurroundsIt() {
        let plain = ProfileCard(
            name: "plain", title: "Plain", environments: [Choice(value: "e", title: "E")],
            sizes: [Choice(value: "s", title: "S")],
            clusters: [
                ClusterChoice(value: "c", title: "C", condition: .ready, mounts: [], refusals: [])
            ])
        let page = HomePage(
            frame: Frame(person: "ada"), person: PersonView(name: "ada", issuer: "lab", groups: []), sessions: [],
            profiles: [plain], startAction: "/hub/spawn")
        let html = page.html()
        for absent in [
            "tile-detail", "tile-refusal", "profile-description", "start-refusal", "What you do not get", " disabled",
        ] {
            #expect(!html.contains(absent), "\(absent)")
        }
    }

    @Test func withoutAPlaceNothingCanBeStarted() throws {
        var page = PageSamples.home
        #expect(!page.html().contains("<button class=\"button\" disabled>"))
        page.startRefusal = "you have a running session; stop it to start another"
        let html = page.html()
        #expect(html.contains("you have a running session; stop it to start another."))
        #expect(html.ranges(of: "<button class=\"button\" disabled>").count == page.profiles.count)
    }

    @Test func choiceThatIsRefusedCannotBeMadeAndSaysWhy() {
        #expect(html.contains("value=\"gpu\" required disabled>"))
        #expect(html.contains("<span class=\"tile-refusal\">only developers have it</span>"))
        #expect(html.contains("value=\"west\" required disabled>"))
    }

    // Who hears a page has nothing but the button's own words.
    @Test func noTwoButtonsThatDoDifferentThingsSayTheSame() throws {
        for (name, page) in PageSamples.all {
            let buttons = page.html().matches(of: /<button[^>]*>(.*?)<\/button>/).map { String($0.output.1) }
            let words = buttons.filter { !$0.isEmpty }
            #expect(Set(words).count == words.count, "\(name): \(words)")
        }
    }

    // The script shows those in the reader's own zone.
    @Test func whatIsKnownOfAClusterHasItsMomentsAsOthersHaveThem() {
        let html = PageSamples.cluster.html()
        #expect(html.contains(#"by the rule claim,</bdi> <time datetime="\#(Moment(PageSamples.instant).exact)">"#))
    }

    @Test func idsAreUnique() throws {
        for (name, page) in PageSamples.all {
            let ids = page.html().matches(of: /\sid="([^"]*)"/).map { String($0.output.1) }
            #expect(Set(ids).count == ids.count, "\(name)")
        }
    }

    @Test func idsAreUniqueWhateverProfilesAndClustersAreCalled() {
        let card = { (profile: String, cluster: String) in
            ProfileCard(
                name: profile, title: profile, environments: [], sizes: [],
                clusters: [ClusterChoice(value: cluster, title: "C", condition: .ready, mounts: [], refusals: [])])
        }
        let page = HomePage(
            frame: Frame(person: "ada"), person: PersonView(name: "ada", issuer: "lab", groups: []), sessions: [],
            profiles: [card("gpu", "a100-north"), card("gpu-a100", "north")], startAction: "/hub/spawn")
        let ids = page.html().matches(of: /\sid="(cluster[^"]*)"/).map { String($0.output.1) }
        #expect(ids.count == 2 && Set(ids).count == 2, "\(ids)")
    }
}
