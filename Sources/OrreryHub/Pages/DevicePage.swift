/// Where a person lets a program in that runs on a machine without a browser.
struct DevicePage: Page {
    static let template = "device"

    let frame: Frame
    var notices: [Notice] = []
    /// What the person typed, to be mended.
    var code = ""
    /// The program that waits with that code; nil asks for the code.
    var request: DeviceView?
    /// What became of it; then nothing is asked any more.
    var outcome: Notice?
    let action = "/hub/device"
}

/// A program that waits for a person.
struct DeviceView: Sendable {
    /// As the program shows it.
    let code: String
    /// What the program says about its machine.
    let host: String
    let address: String
    let since: Moment
    /// How long the token lives, in days or hours.
    let life: String
    let rights: [RightChoice]
}
