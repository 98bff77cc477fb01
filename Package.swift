// swift-tools-version:6.0
// The rooms of the library and which may import which; the arrows may not turn round (see CONTRIBUTING.md).
import PackageDescription

/// `SPINNPROP_DIST=1` builds what is installed: the Swift runtime linked in, only `spinnprop_*` exported, and the hot
/// loops compiled a second time for newer processors. Left out otherwise, because `unsafeFlags` would keep other
/// packages from depending on this one.
let isDistribution = Context.environment["SPINNPROP_DIST"] == "1"

let librarySwiftSettings: [SwiftSetting] = isDistribution ? [.unsafeFlags(["-static-stdlib"])] : []
let libraryLinkerSettings: [LinkerSetting] =
    isDistribution
    ? [
        .unsafeFlags([
            "-static-stdlib",
            // The toolchain's own linker: gold leaves local Swift symbols in the dynamic table.
            "-use-ld=lld",
            "-Xlinker", "--version-script=\(Context.packageDirectory)/.build/spinnprop.map",
            "-Xlinker", "--no-undefined-version",
            "-Xlinker", "-soname=libspinnprop.so",
            "-Xlinker", "-z", "-Xlinker", "nodelete",
            "-Xlinker", "-s",
        ])
    ] : []

/// A room: a folder under Sources with the rooms it may import.
func room(_ name: String, _ imports: [Target.Dependency], swiftSettings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: swiftSettings)
}

let package = Package(
    name: "spinnprop",
    products: [
        .library(name: "Spinnprop", targets: ["Spinnprop"]),
        .library(name: "spinnprop", type: .dynamic, targets: ["CInterface"]),
    ],
    targets: [
        room("Mathematics", []),
        room("Spikes", ["Mathematics"]),
        room("Neurons", ["Mathematics"]),
        room("Networks", ["Neurons", "Spikes", "Mathematics"]),
        room("EventDriven", ["Networks", "Neurons", "Spikes", "Mathematics"]),
        room("Learning", ["Networks", "Neurons", "Spikes", "Mathematics"]),
        room("DataSets", ["Spikes", "Mathematics"]),
        room("Spinnprop", ["EventDriven", "Learning", "DataSets", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .systemLibrary(name: "CSpinnprop", path: "include"),
        .target(name: "CSupport"),
        .target(
            name: "CInterface",
            dependencies: [
                "Spinnprop", "Learning", "DataSets", "Networks", "Neurons", "Spikes", "Mathematics", "CSupport", "CSpinnprop",
            ],
            swiftSettings: librarySwiftSettings,
            linkerSettings: libraryLinkerSettings),
        .testTarget(name: "MathematicsTests", dependencies: ["Mathematics"], exclude: ["Generators"]),
        .testTarget(name: "SpikesTests", dependencies: ["Spikes", "Mathematics"]),
        .testTarget(name: "DataSetsTests", dependencies: ["DataSets", "Mathematics"], exclude: ["Generators"]),
    ],
    swiftLanguageModes: [.v6]
)
