// swift-tools-version:6.0
// The rooms of the library and which may import which; the arrows may not turn round (see CONTRIBUTING.md).
import PackageDescription

/// `SPINNPROP_DIST=1` builds what is installed: the Swift runtime linked in, and only `spinnprop_*` exported. Left out otherwise,
/// because `unsafeFlags` would keep other packages from depending on this one.
let isDistribution = Context.environment["SPINNPROP_DIST"] == "1"

/// Exclusive access is proven by the builds of the tests; checking it again in hot loops costs a tenth of their time.
let distributionSettings: [SwiftSetting] =
    isDistribution
    ? [.define("SPINNPROP_DIST"), .unsafeFlags(["-enforce-exclusivity=unchecked"])] : []
let librarySwiftSettings: [SwiftSetting] =
    isDistribution ? distributionSettings + [.unsafeFlags(["-static-stdlib"])] : []
/// `SPINNPROP_SYMBOLS=1` leaves the names of functions in, for valgrind.
let stripping = Context.environment["SPINNPROP_SYMBOLS"] == "1" ? ["-Xlinker", "-S"] : ["-Xlinker", "-s"]
/// The name by which programs look for the library they were linked with.
let soname = Context.environment["SPINNPROP_SONAME"] ?? "libspinnprop.so"
/// Functions of the system that `Sources/CSupport/` stands in for: what the Swift runtime allocates by (`Reserve.c`), and `OlderSystems.c`.
let wrapped = ["malloc", "calloc", "realloc", "posix_memalign", "strdup", "_Znwm", "_ZnwmSt11align_val_t", "hypotf"]
let libraryLinkerSettings: [LinkerSetting] =
    isDistribution
    ? [
        .unsafeFlags(
            [
                "-static-stdlib",
                // The toolchain's own linker: gold leaves local Swift symbols in the dynamic table.
                "-use-ld=lld",
                "-Xlinker", "--version-script=\(Context.packageDirectory)/.build/spinnprop.map",
                "-Xlinker", "--no-undefined-version",
                "-Xlinker", "-soname=\(soname)",
                "-Xlinker", "-z", "-Xlinker", "nodelete",
            ] + wrapped.flatMap { ["-Xlinker", "--wrap=\($0)"] } + stripping)
    ] : []

/// A room: a folder under Sources with the rooms it may import.
func room(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: distributionSettings)
}

let package = Package(
    name: "spinnprop",
    products: [
        // The first, for Swift packages, is never a file of its own; the second is libspinnprop.so. So the two names do not
        // meet even where file names are the same in upper and lower case.
        .library(name: "Spinnprop", targets: ["Spinnprop"]),
        .library(name: "spinnprop", type: .dynamic, targets: ["CInterface"]),
    ],
    targets: [
        room("Mathematics", ["CSupport"]),
        room("Spikes", ["Mathematics"]),
        room("Neurons", ["Mathematics"]),
        room("Networks", ["Neurons", "Spikes", "Mathematics"]),
        room("EventDriven", ["Networks", "Neurons", "Spikes", "Mathematics"]),
        room("ClockArithmetic", ["CSupport"]),
        room("ClockDriven", ["ClockArithmetic", "Networks", "Neurons", "Spikes", "Mathematics"]),
        room("FirstSpike", ["Networks", "Neurons", "Spikes", "Mathematics"]),
        room("SparseRecurrent", ["Spikes", "Mathematics", "CSupport"]),
        room("LocalLearning", ["Spikes", "Mathematics", "CSupport"]),
        room("Learning", ["LocalLearning", "Networks", "Neurons", "Spikes", "Mathematics"]),
        room("SpiNNaker2", ["Mathematics"]),
        room(
            "SpiNNaker2Programs",
            ["SpiNNaker2", "ClockDriven", "ClockArithmetic", "Networks", "Spikes", "Mathematics"]),
        room(
            "LocalLearningPrograms", ["SpiNNaker2", "SpiNNaker2Programs", "LocalLearning", "Mathematics"]),
        room("BrainScaleS2", ["EventDriven", "Networks", "Neurons", "Spikes", "Mathematics", "CSupport"]),
        room("DataSets", ["Mathematics"]),
        room(
            "Spinnprop",
            [
                "ClockDriven", "EventDriven", "FirstSpike", "SparseRecurrent", "LocalLearning", "SpiNNaker2",
                "SpiNNaker2Programs", "LocalLearningPrograms", "BrainScaleS2", "Learning", "DataSets", "Networks",
                "Neurons", "Spikes", "Mathematics",
            ]),
        .systemLibrary(name: "CSpinnprop", path: "include"),
        .target(name: "CSupport", cSettings: isDistribution ? [.define("SPINNPROP_DIST")] : []),
        .target(
            name: "CInterface",
            dependencies: [
                "Spinnprop", "FirstSpike", "LocalLearning", "LocalLearningPrograms", "SparseRecurrent", "SpiNNaker2",
                "SpiNNaker2Programs", "BrainScaleS2", "ClockDriven", "Learning", "DataSets", "Networks", "Neurons",
                "Spikes", "Mathematics", "CSupport", "CSpinnprop",
            ],
            swiftSettings: librarySwiftSettings,
            linkerSettings: libraryLinkerSettings),
        .executableTarget(name: "yin-yang", dependencies: ["Spinnprop"], path: "examples/swift"),
        .executableTarget(name: "plasticity", dependencies: ["Spinnprop"], path: "examples/plasticity"),
        .executableTarget(
            name: "bench-sparse", dependencies: ["SparseRecurrent", "Mathematics"], path: "Benchmarks/sparse"),
        .target(
            name: "TestSupport", dependencies: ["Networks", "Neurons", "Spikes", "Mathematics"],
            path: "Tests/TestSupport"),
        .testTarget(name: "CInterfaceTests", dependencies: ["CInterface", "CSpinnprop", "Mathematics"]),
        .testTarget(
            name: "MathematicsTests", dependencies: ["TestSupport", "Mathematics", "CSupport"], exclude: ["Generators"]),
        .testTarget(name: "SpikesTests", dependencies: ["Spikes", "Mathematics"]),
        .testTarget(name: "DataSetsTests", dependencies: ["DataSets", "Mathematics"], exclude: ["Generators"]),
        .testTarget(name: "NetworksTests", dependencies: ["Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(
            name: "LearningTests",
            dependencies: ["TestSupport", "Learning", "LocalLearning", "Networks", "Neurons", "Spikes", "Mathematics"],
            exclude: ["Generators"]),
        .testTarget(
            name: "EventDrivenTests",
            dependencies: ["TestSupport", "EventDriven", "Learning", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(
            name: "FirstSpikeTests",
            dependencies: ["TestSupport", "FirstSpike", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(name: "SpiNNaker2Tests", dependencies: ["SpiNNaker2", "Mathematics"]),
        .testTarget(
            name: "ClockDrivenTests",
            dependencies: ["TestSupport", "ClockDriven", "Learning", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(
            name: "AgreementTests",
            dependencies: [
                "TestSupport", "ClockDriven", "EventDriven", "FirstSpike", "Learning", "Networks", "Neurons", "Spikes",
                "Mathematics",
            ]),
        .testTarget(
            name: "SpiNNaker2ProgramsTests",
            dependencies: [
                "TestSupport", "SpiNNaker2Programs", "SpiNNaker2", "ClockDriven", "Learning", "Networks", "Spikes",
                "Mathematics",
            ]),
        .testTarget(
            name: "BrainScaleS2Tests",
            dependencies: [
                "TestSupport", "BrainScaleS2", "EventDriven", "Networks", "Neurons", "Spikes", "Mathematics",
            ]),
        .testTarget(name: "SparseRecurrentTests", dependencies: ["SparseRecurrent", "Spikes", "Mathematics"]),
        .testTarget(
            name: "LocalLearningTests", dependencies: ["LocalLearning", "Spikes", "Mathematics"]),
        .testTarget(
            name: "LocalLearningProgramsTests",
            dependencies: [
                "LocalLearningPrograms", "LocalLearning", "SpiNNaker2Programs", "SpiNNaker2", "Spikes", "Mathematics",
            ]),
        .testTarget(name: "SpinnpropTests", dependencies: ["Spinnprop"]),
    ],
    swiftLanguageModes: [.v6]
)
