"""The 57 keys of an object record of the Collection API, in the API's own order.

Source: https://metmuseum.github.io (GET /objects/{id}).
"""

COLUMNS = tuple(
    # A table of text reads better than 57 quoted lines.
    """objectID isHighlight accessionNumber accessionYear isPublicDomain primaryImage primaryImageSmall
    additionalImages constituents department objectName title culture period dynasty reign portfolio artistRole
    artistPrefix artistDisplayName artistDisplayBio artistSuffix artistAlphaSort artistNationality artistBeginDate
    artistEndDate artistGender artistWikidata_URL artistULAN_URL objectDate objectBeginDate objectEndDate medium
    measurements dimensions creditLine geographyType city state county country region subregion locale locus excavation
    river classification rightsAndReproduction linkResource metadataDate repository objectURL tags objectWikidata_URL
    isTimelineWork GalleryNumber""".split()  # noqa: SIM905
)
