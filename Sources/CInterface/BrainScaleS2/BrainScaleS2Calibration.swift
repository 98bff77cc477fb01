// Calibration of emulated BrainScaleS-2 chips, and the settings it finds.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics

extension spinnprop_brainscales2_calibration_options {
    static var initial: spinnprop_brainscales2_calibration_options {
        let options = BrainScaleS2Calibration()
        var own = spinnprop_brainscales2_calibration_options()
        own.size = MemoryLayout<spinnprop_brainscales2_calibration_options>.size
        own.take(options, BrainScaleS2Calibration.fields)
        return own
    }

    /// The same as the core knows it.
    func options() throws(SpinnpropError) -> BrainScaleS2Calibration {
        var options = BrainScaleS2Calibration()
        try hand(to: &options, BrainScaleS2Calibration.fields)
        return options
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_calibrate(
    _ calibrated: UnsafeMutablePointer<OpaquePointer?>?, _ chip: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_brainscales2_calibration_options>?
) -> spinnprop_status {
    create(calibrated, "calibrated", brainScaleS2ChipKind) {
        let chip = try box(chip, brainScaleS2ChipKind, "chip").value
        return try chip.calibrated(
            try spinnprop_brainscales2_calibration_options.readOrInitial(options, "options").options())
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_code_count(
    _ n: UnsafeMutablePointer<Int64>?, _ chip: OpaquePointer?
) -> spinnprop_status {
    answer(n, "n") { try box(chip, brainScaleS2ChipKind, "chip").value.codes?.count ?? 0 }
}

@c @implementation
public func spinnprop_brainscales2_chip_codes(
    _ codes: UnsafeMutablePointer<Int32>?, _ n: Int64, _ chip: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let found = try box(chip, brainScaleS2ChipKind, "chip").value.codes ?? []
        try output(codes, n, needed: found.count, "codes").fill(found.map(Int32.init))
    }
}

@c @implementation
public func spinnprop_brainscales2_chip_create_with_codes(
    _ chip: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_brainscales2_chip_options>?,
    _ codes: UnsafePointer<Int32>?, _ n: Int64
) -> spinnprop_status {
    create(chip, "chip", brainScaleS2ChipKind) {
        let options = try spinnprop_brainscales2_chip_options.readOrInitial(options, "options").options()
        guard n == Int64(BrainScaleS2Chip.codeCount) else {
            throw SpinnpropError.invalidValue("codes has \(n) elements; it must have \(BrainScaleS2Chip.codeCount)")
        }
        // What does not fit is out of the domain, too.
        let own = try CInterface.input(codes, Int(n), "codes").map { UInt16(exactly: $0) ?? .max }
        return try BrainScaleS2Chip(options, codes: own)
    }
}
