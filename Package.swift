// swift-tools-version:6.0
// The rooms of the library and which may import which; the arrows may not turn round (see CONTRIBUTING.md).
import PackageDescription

/// `SPINNPROP_DIST=1` builds what is installed: the Swift runtime linked in, only `spinnprop_*` exported, and the hot
/// loops compiled a second time for newer processors. Left out otherwise, because `unsafeFlags` would keep other
/// packages from depending on this one.
let isDistribution = Context.environment["SPINNPROP_DIST"] == "1"

/// Exclusive access is proven by the debug builds of the tests; checking it again in hot loops costs a tenth of their time.
let distributionSettings: [SwiftSetting] =
    isDistribution
    ? [.define("SPINNPROP_DIST"), .unsafeFlags(["-enforce-exclusivity=unchecked"])] : []
let librarySwiftSettings: [SwiftSetting] =
    isDistribution ? distributionSettings + [.unsafeFlags(["-static-stdlib"])] : []
/// `SPINNPROP_SYMBOLS=1` leaves the names of functions in, for valgrind.
let stripping = Context.environment["SPINNPROP_SYMBOLS"] == "1" ? ["-Xlinker", "-S"] : ["-Xlinker", "-s"]
/// What the Swift runtime allocates by; `Sources/CSupport/Reserve.c` stands in between.
let allocations = ["malloc", "calloc", "realloc", "posix_memalign", "strdup", "_Znwm", "_ZnwmSt11align_val_t"]
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
                "-Xlinker", "-soname=libspinnprop.so",
                "-Xlinker", "-z", "-Xlinker", "nodelete",
                // Equal machine code once (nothing compares the addresses of functions), and only what is reached.
                "-Xlinker", "--icf=all", "-Xlinker", "--gc-sections",
            ] + allocations.flatMap { ["-Xlinker", "--wrap=\($0)"] } + stripping)
    ] : []

/// Rooms without inner loops of their own are compiled for size: the library has to stay small.
let compactSettings: [SwiftSetting] = isDistribution ? [.unsafeFlags(["-Osize"])] : []

/// Rooms whose types nobody prints do without the names of their fields.
let namelessSettings: [SwiftSetting] =
    isDistribution ? [.unsafeFlags(["-Xfrontend", "-disable-reflection-metadata"])] : []

/// A room: a folder under Sources with the rooms it may import.
func room(_ name: String, _ imports: [Target.Dependency], swiftSettings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: distributionSettings + swiftSettings)
}

/// Rooms with inner loops once more (their folders are links), compiled for processors with AVX2; who uses them chooses at run time. The
/// same arithmetic in the same order: results are the same bits.
#if arch(x86_64)
let hasNewer = isDistribution
#else
let hasNewer = false
#endif
let newerSettings: [SwiftSetting] = namelessSettings + [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
let forNewerProcessors: [Target] =
    hasNewer
    ? [
        room("EventDrivenV3", ["Networks", "Neurons", "Spikes", "Mathematics"], swiftSettings: newerSettings),
        room("ClockLoopsV3", ["ClockArithmetic"], swiftSettings: newerSettings),
    ] : []
func newer(_ name: String) -> [Target.Dependency] { hasNewer ? [.target(name: name)] : [] }

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
        room("Spikes", ["Mathematics"], swiftSettings: namelessSettings),
        room("Neurons", ["Mathematics"]),
        room("Networks", ["Neurons", "Spikes", "Mathematics"]),
        room("EventDriven", ["Networks", "Neurons", "Spikes", "Mathematics"], swiftSettings: namelessSettings),
        room("ClockArithmetic", ["CSupport"], swiftSettings: namelessSettings),
        room("ClockLoops", ["ClockArithmetic"], swiftSettings: namelessSettings),
        room(
            "ClockDriven",
            ["ClockArithmetic", "ClockLoops", "Networks", "Neurons", "Spikes", "Mathematics", "CSupport"]
                + newer("ClockLoopsV3"),
            swiftSettings: namelessSettings),
        room("SparseRecurrent", ["Spikes", "Mathematics", "CSupport"], swiftSettings: namelessSettings),
        room("Learning", ["Networks", "Neurons", "Spikes", "Mathematics"], swiftSettings: compactSettings),
        room("SpiNNaker2", ["Mathematics"], swiftSettings: compactSettings),
        room(
            "SpiNNaker2Programs",
            [
                "SpiNNaker2", "ClockDriven", "ClockArithmetic", "Learning", "Networks", "Neurons", "Spikes",
                "Mathematics",
            ],
            swiftSettings: compactSettings),
        room("DataSets", ["Spikes", "Mathematics"], swiftSettings: namelessSettings),
        room(
            "Spinnprop",
            [
                "ClockDriven", "EventDriven", "SparseRecurrent", "SpiNNaker2", "SpiNNaker2Programs", "Learning",
                "DataSets", "Networks", "Neurons", "Spikes", "Mathematics", "CSupport",
            ]
                + newer("EventDrivenV3"),
            swiftSettings: compactSettings),
        .systemLibrary(name: "CSpinnprop", path: "include"),
        .target(name: "CSupport", cSettings: isDistribution ? [.define("SPINNPROP_DIST")] : []),
        .target(
            name: "CInterface",
            dependencies: [
                "Spinnprop", "SparseRecurrent", "SpiNNaker2", "SpiNNaker2Programs", "Learning", "DataSets", "Networks",
                "Neurons", "Spikes", "Mathematics", "CSupport", "CSpinnprop",
            ],
            swiftSettings: librarySwiftSettings + compactSettings + namelessSettings,
            linkerSettings: libraryLinkerSettings),
        .executableTarget(name: "yin-yang", dependencies: ["Spinnprop"], path: "examples/swift"),
        .executableTarget(
            name: "bench-sparse", dependencies: ["SparseRecurrent", "Mathematics"], path: "Benchmarks/sparse"),
        .testTarget(name: "CInterfaceTests", dependencies: ["CInterface", "CSpinnprop", "Mathematics"]),
        .testTarget(name: "MathematicsTests", dependencies: ["Mathematics"], exclude: ["Generators"]),
        .testTarget(name: "SpikesTests", dependencies: ["Spikes", "Mathematics"]),
        .testTarget(name: "DataSetsTests", dependencies: ["DataSets", "Mathematics"], exclude: ["Generators"]),
        .testTarget(name: "NetworksTests", dependencies: ["Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(
            name: "LearningTests", dependencies: ["Learning", "Networks", "Neurons", "Spikes", "Mathematics"],
            exclude: ["Generators"]),
        .testTarget(
            name: "EventDrivenTests",
            dependencies: ["EventDriven", "Learning", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(name: "SpiNNaker2Tests", dependencies: ["SpiNNaker2", "Mathematics"]),
        .testTarget(
            name: "ClockDrivenTests",
            dependencies: ["ClockDriven", "Learning", "Networks", "Neurons", "Spikes", "Mathematics"]),
        .testTarget(
            name: "AgreementTests",
            dependencies: [
                "ClockDriven", "EventDriven", "Learning", "Networks", "Neurons", "Spikes", "Mathematics",
            ]),
        .testTarget(
            name: "SpiNNaker2ProgramsTests",
            dependencies: [
                "SpiNNaker2Programs", "SpiNNaker2", "ClockDriven", "Learning", "Networks", "Neurons", "Spikes",
                "Mathematics",
            ]),
        .testTarget(name: "SparseRecurrentTests", dependencies: ["SparseRecurrent", "Spikes", "Mathematics"]),
        .testTarget(name: "SpinnpropTests", dependencies: ["Spinnprop"]),
    ] + forNewerProcessors,
    swiftLanguageModes: [.v6]
)
