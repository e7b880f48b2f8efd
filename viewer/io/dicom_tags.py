"""The elements that are read of a DICOM header: tag, keyword and value representation. DICOM PS3.6.

A table of our own, because pydicom's dictionary brings all of pydicom with it: a third of a second and 20 MB for each
process that reads.
"""

from __future__ import annotations

_ELEMENTS = """
# File meta information and DICOMDIR
00020010 TransferSyntaxUID UI
00020002 MediaStorageSOPClassUID UI
00020003 MediaStorageSOPInstanceUID UI
00041220 DirectoryRecordSequence SQ
00041400 OffsetOfTheNextDirectoryRecord UL
00041420 OffsetOfReferencedLowerLevelDirectoryEntity UL
00041430 DirectoryRecordType CS
00041500 ReferencedFileID CS
00041510 ReferencedSOPClassUIDInFile UI
00041511 ReferencedSOPInstanceUIDInFile UI
00041512 ReferencedTransferSyntaxUIDInFile UI
# Patient, study, series and equipment
00080005 SpecificCharacterSet CS
00080016 SOPClassUID UI
00080018 SOPInstanceUID UI
0020000D StudyInstanceUID UI
0020000E SeriesInstanceUID UI
00200052 FrameOfReferenceUID UI
00080008 ImageType CS
0008001C SyntheticData CS
00080060 Modality CS
00080070 Manufacturer LO
00081090 ManufacturerModelName LO
00080080 InstitutionName LO
00180015 BodyPartExamined CS
00200060 Laterality CS
00200062 ImageLaterality CS
00209072 FrameLaterality CS
00185101 ViewPosition CS
00185100 PatientPosition CS
00200020 PatientOrientation CS
00100010 PatientName PN
00100020 PatientID LO
00100030 PatientBirthDate DA
00100040 PatientSex CS
00101030 PatientWeight DS
00101020 PatientSize DS
00200010 StudyID SH
00080050 AccessionNumber SH
00081030 StudyDescription LO
0008103E SeriesDescription LO
00181030 ProtocolName LO
00180024 SequenceName SH
00200011 SeriesNumber IS
00200012 AcquisitionNumber IS
00200013 InstanceNumber IS
00080201 TimezoneOffsetFromUTC SH
00080020 StudyDate DA
00080021 SeriesDate DA
00080022 AcquisitionDate DA
00080023 ContentDate DA
0008002A AcquisitionDateTime DT
00080030 StudyTime TM
00080031 SeriesTime TM
00080032 AcquisitionTime TM
00080033 ContentTime TM
# Pixels and where they lie
00280010 Rows US
00280011 Columns US
00280008 NumberOfFrames IS
00280002 SamplesPerPixel US
00280004 PhotometricInterpretation CS
00280006 PlanarConfiguration US
00280100 BitsAllocated US
00280101 BitsStored US
00280102 HighBit US
00280103 PixelRepresentation US
00280120 PixelPaddingValue US or SS
00280121 PixelPaddingRangeLimit US or SS
00280034 PixelAspectRatio IS
00280030 PixelSpacing DS
00181164 ImagerPixelSpacing DS
00182010 NominalScannedPixelSpacing DS
00280A02 PixelSpacingCalibrationType CS
00280A04 PixelSpacingCalibrationDescription LO
00181114 EstimatedRadiographicMagnificationFactor DS
00181110 DistanceSourceToDetector DS
00181111 DistanceSourceToPatient DS
00200032 ImagePositionPatient DS
00200037 ImageOrientationPatient DS
00201041 SliceLocation DS
00180050 SliceThickness DS
00180088 SpacingBetweenSlices DS
00181120 GantryDetectorTilt DS
00282110 LossyImageCompression CS
00282112 LossyImageCompressionRatio DS
00282114 LossyImageCompressionMethod CS
7FE00001 ExtendedOffsetTable OV
7FE00002 ExtendedOffsetTableLengths OV
# Values
00281053 RescaleSlope DS
00281052 RescaleIntercept DS
00281054 RescaleType LO
00283000 ModalityLUTSequence SQ
00283002 LUTDescriptor US or SS
00283006 LUTData US or OW
00283004 ModalityLUTType LO
00283003 LUTExplanation LO
00283010 VOILUTSequence SQ
00281056 VOILUTFunction CS
00281050 WindowCenter DS
00281051 WindowWidth DS
00281055 WindowCenterWidthExplanation LO
20500020 PresentationLUTShape CS
00281040 PixelIntensityRelationship CS
00281041 PixelIntensityRelationshipSign SS
00289422 PixelIntensityRelationshipLUTSequence SQ
00289474 LUTFunction CS
00281101 RedPaletteColorLookupTableDescriptor US or SS
00281102 GreenPaletteColorLookupTableDescriptor US or SS
00281103 BluePaletteColorLookupTableDescriptor US or SS
00281104 AlphaPaletteColorLookupTableDescriptor US
00281201 RedPaletteColorLookupTableData OW
00281202 GreenPaletteColorLookupTableData OW
00281203 BluePaletteColorLookupTableData OW
00281204 AlphaPaletteColorLookupTableData OW
00281221 SegmentedRedPaletteColorLookupTableData OW
00281222 SegmentedGreenPaletteColorLookupTableData OW
00281223 SegmentedBluePaletteColorLookupTableData OW
00281224 SegmentedAlphaPaletteColorLookupTableData OW
00281199 PaletteColorLookupTableUID UI
00409096 RealWorldValueMappingSequence SQ
00409225 RealWorldValueSlope FD
00409224 RealWorldValueIntercept FD
00409216 RealWorldValueFirstValueMapped US or SS
00409211 RealWorldValueLastValueMapped US or SS
004008EA MeasurementUnitsCodeSequence SQ
00080100 CodeValue SH
00080102 CodingSchemeDesignator SH
00080104 CodeMeaning LO
# Time and the way of acquisition
00181063 FrameTime DS
00181065 FrameTimeVector DS
00180040 CineRate IS
00082144 RecommendedDisplayFrameRate IS
00280009 FrameIncrementPointer AT
00181066 FrameDelay DS
00200100 TemporalPositionIdentifier IS
00209128 TemporalPositionIndex UL
00200105 NumberOfTemporalPositions IS
00200110 TemporalResolution DS
00181060 TriggerTime DS
00181090 CardiacNumberOfImages IS
00181062 NominalInterval IS
00209153 NominalCardiacTriggerDelayTime FD
00209252 ActualCardiacTriggerDelayTime FD
00209241 NominalPercentageOfCardiacPhase FL
00180081 EchoTime DS
00189082 EffectiveEchoTime FD
00180086 EchoNumbers IS
00180080 RepetitionTime DS
00180082 InversionTime DS
00189079 InversionTimes FD
00181314 FlipAngle DS
00189087 DiffusionBValue FD
00189075 DiffusionDirectionality CS
00189089 DiffusionGradientOrientation FD
00181210 ConvolutionKernel SH
00180022 ScanOptions CS
# Functional groups
52009229 SharedFunctionalGroupsSequence SQ
52009230 PerFrameFunctionalGroupsSequence SQ
00209111 FrameContentSequence SQ
00209113 PlanePositionSequence SQ
00209116 PlaneOrientationSequence SQ
0020930E PlanePositionVolumeSequence SQ
00209301 ImagePositionVolume FD
0020930F PlaneOrientationVolumeSequence SQ
00209302 ImageOrientationVolume FD
00289110 PixelMeasuresSequence SQ
00289145 PixelValueTransformationSequence SQ
00289132 FrameVOILUTSequence SQ
00189114 MREchoSequence SQ
00189117 MRDiffusionSequence SQ
00189076 DiffusionGradientDirectionSequence SQ
00189112 MRTimingAndRelatedParametersSequence SQ
00189115 MRModifierSequence SQ
00189118 CardiacSynchronizationSequence SQ
00209310 TemporalPositionSequence SQ
0020930D TemporalPositionTimeOffset FD
00209071 FrameAnatomySequence SQ
00189226 MRImageFrameTypeSequence SQ
00189329 CTImageFrameTypeSequence SQ
00189751 PETFrameTypeSequence SQ
00189412 XAXRFFrameCharacteristicsSequence SQ
00189314 CTReconstructionSequence SQ
00089007 FrameType CS
00089208 ComplexImageComponent CS
00209156 FrameAcquisitionNumber US
00189074 FrameAcquisitionDateTime DT
00189151 FrameReferenceDateTime DT
00189220 FrameAcquisitionDuration FD
00209056 StackID SH
00209057 InStackPositionNumber UL
00209157 DimensionIndexValues UL
00289443 FramePixelDataPropertiesSequence SQ
00189401 ProjectionPixelCalibrationSequence SQ
00189404 ObjectPixelSpacingInCenterOfBeam FL
00209222 DimensionIndexSequence SQ
00209165 DimensionIndexPointer AT
00209167 FunctionalGroupPointer AT
00209421 DimensionDescriptionLabel LO
00209221 DimensionOrganizationSequence SQ
00209164 DimensionOrganizationUID UI
00209311 DimensionOrganizationType CS
00200242 SOPInstanceUIDOfConcatenationSource UI
00209161 ConcatenationUID UI
00209162 InConcatenationNumber US
00209163 InConcatenationTotalNumber US
00209228 ConcatenationFrameOffsetNumber UL
# Ultrasound
00186011 SequenceOfUltrasoundRegions SQ
00186012 RegionSpatialFormat US
00186014 RegionDataType US
00186016 RegionFlags UL
00186018 RegionLocationMinX0 UL
0018601A RegionLocationMinY0 UL
0018601C RegionLocationMaxX1 UL
0018601E RegionLocationMaxY1 UL
00186020 ReferencePixelX0 SL
00186022 ReferencePixelY0 SL
00186024 PhysicalUnitsXDirection US
00186026 PhysicalUnitsYDirection US
00186028 ReferencePixelPhysicalValueX FD
0018602A ReferencePixelPhysicalValueY FD
0018602C PhysicalDeltaX FD
0018602E PhysicalDeltaY FD
# Nuclear medicine and positron emission
00540016 RadiopharmaceuticalInformationSequence SQ
00181074 RadionuclideTotalDose DS
00181075 RadionuclideHalfLife DS
00181072 RadiopharmaceuticalStartTime TM
00181078 RadiopharmaceuticalStartDateTime DT
00541001 Units CS
00541102 DecayCorrection CS
00189701 DecayCorrectionDateTime DT
00280051 CorrectedImage CS
00541006 SUVType CS
00541321 DecayFactor DS
00541000 SeriesType CS
00541002 CountsSource CS
00541330 ImageIndex US
00540081 NumberOfSlices US
00540101 NumberOfTimeSlices US
00541300 FrameReferenceTime DS
00181242 ActualFrameDuration IS
00540010 EnergyWindowVector US
00540020 DetectorVector US
00540050 RotationVector US
00540080 SliceVector US
00540070 TimeSlotVector US
00540030 PhaseVector US
00540060 RRIntervalVector US
00540011 NumberOfEnergyWindows US
00540021 NumberOfDetectors US
00540031 NumberOfPhases US
00540051 NumberOfRotations US
00540061 NumberOfRRIntervals US
00540071 NumberOfTimeSlots US
00540022 DetectorInformationSequence SQ
00540052 RotationInformationSequence SQ
00540032 PhaseInformationSequence SQ
"""

TAGS = {
    keyword: (int(tag, 16), vr)
    for tag, keyword, vr in (line.split(maxsplit=2) for line in _ELEMENTS.splitlines() if line and line[0] != "#")
}
