// Emulated BrainScaleS-2 chips: options, circuits.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics

let brainScaleS2ChipKind = HandleKind<BrainScaleS2Chip>(mark: 0x5350_4253_5332_4309, noun: "brainscales2_chip")

extension spinnprop_brainscales2_chip_options {
    static var initial: spinnprop_brainscales2_chip_options {
        spinnprop_brainscales2_chip_options(BrainScaleS2ChipOptions())
    }

    init(_ options: BrainScaleS2ChipOptions) {
        self.init()
        size = MemoryLayout<spinnprop_brainscales2_chip_options>.size
        take(options, BrainScaleS2ChipOptions.fields)
    }

    /// The same as the core knows it.
    func options() throws(SpinnpropError) -> BrainScaleS2ChipOptions {
        var options = BrainScaleS2ChipOptions()
        try hand(to: &options, BrainScaleS2ChipOptions.fields)
        return options
    }
}

@c @implementation
public func spinnprop_brainscales2_preset(
    _ options: UnsafeMutablePointer<spinnprop_brainscales2_chip_options>?, _ preset: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_brainscales2_chip_options.destination(options, "options")
        let given = try spinnprop_brainscales2_chip_options.read(options, "options")
        guard let preset = BrainScaleS2Preset(rawValue: preset) else {
            throw SpinnpropError.invalidValue(
                "preset is \(preset); it must be one of SPINNPROP_BRAINSCALES2_* (0 .. \(BrainScaleS2Preset.allCases.count - 1))"
            )
        }
        var own = preset.options
        (own.seed, own.noiseSeed) = (given.seed, given.noise_seed)
        destination.write(spinnprop_brainscales2_chip_options(own))
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_create(
    _ chip: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_brainscales2_chip_options>?
) -> spinnprop_status {
    create(chip, "chip", brainScaleS2ChipKind) {
        try BrainScaleS2Chip(try spinnprop_brainscales2_chip_options.readOrInitial(options, "options").options())
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_free(_ chip: OpaquePointer?) { freeHandle(chip, brainScaleS2ChipKind) }

@c @implementation
public func spinnprop_brainscales2_chip_get_options(
    _ options: UnsafeMutablePointer<spinnprop_brainscales2_chip_options>?, _ chip: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") {
        spinnprop_brainscales2_chip_options(try box(chip, brainScaleS2ChipKind, "chip").value.options)
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_values(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ chip: OpaquePointer?, _ parameter: Int32
) -> spinnprop_status {
    barrier {
        let chip = try box(chip, brainScaleS2ChipKind, "chip").value
        guard let parameter = BrainScaleS2Parameter(rawValue: parameter) else {
            throw SpinnpropError.invalidIndex(
                "parameter is \(parameter); it must be one of SPINNPROP_BRAINSCALES2_TAU_MEM .. _ROW (0 .. "
                    + "\(BrainScaleS2Parameter.allCases.count - 1))")
        }
        let found = chip.values(of: parameter)
        try output(values, n, needed: found.count, "values").fill(found)
    }
}
