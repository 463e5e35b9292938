"""The words of the records: titles, periods and media, by culture, subject and form."""

TITLES = {
    "landscape": ("{} Mountains", "{} Valley", "River Landscape, {}", "A Lake at {}"),
    "bamboo": ("Bamboo, {}", "Bamboo and Rock, {}"),
    "orchids": ("Orchids, {}", "Orchids beside {}"),
    "blossoms": ("Flowering Branch, {}", "Plum Blossoms, {}"),
    "winter trees": ("Old Trees, {}", "Winter Grove, {}"),
    "calligraphy": ("Poem on {}", "Letter about {}"),
    "screen": ("Pines and Flowers, {}", "The Garden, {}"),
    "waves": ("Waves, {}", "Sunrise over Waves, {}"),
    "figures": ("Strollers, {}", "Women in {}"),
    "cherry": ("Cherry Tree, {}", "Cherry Blossoms in {}"),
    "sea": ("Ships in {}", "The Sea, {}"),
    "portrait": ("Portrait, {}", "A Sitter in {}"),
    "still life": ("Still Life, {}", "Fruit and Flowers, {}"),
    "garden": ("Ladies in a Garden, {}", "Meeting among Trees, {}"),
    "palace": ("A Palace, {}", "Reception at a Palace, {}"),
    "drawing": ("Study of Figures, {}", "Figures, {}"),
}
MOODS = (
    "Mist",
    "Evening Light",
    "Early Spring",
    "Clearing Rain",
    "Deep Autumn",
    "First Snow",
    "Moonlight",
    "Still Air",
)

TAGS = {"landscape": "Landscapes", "waves": "Waves", "sea": "Seas", "portrait": "Portraits", "palace": "Architecture"}

# (period, first year, last year)
PERIODS = {
    "China": (
        ("Song dynasty (960–1279)", 960, 1279),
        ("Ming dynasty (1368–1644)", 1368, 1644),
        ("Qing dynasty (1644–1911)", 1644, 1911),
    ),
    "Japan": (("Muromachi period (1392–1573)", 1392, 1573), ("Edo period (1615–1868)", 1615, 1868)),
    "America": (("", 1750, 1910),),
    "India": (("", 1560, 1830),),
}

# (objectName, medium)
OBJECTS = {
    "hanging scroll": ("Hanging scroll", "Hanging scroll; ink and color on silk"),
    "mounted scroll": ("Hanging scroll", "Hanging scroll; ink and color on silk"),
    "handscroll": ("Handscroll", "Handscroll; ink on paper"),
    "album leaf": ("Album leaf", "Album leaf; ink and color on paper"),
    "fan": ("Fan mounted as an album leaf", "Fan mounted as an album leaf; ink and color on silk"),
    "screen": ("Folding screen", "Six-panel folding screen; ink, color, and gold leaf on paper"),
    "canvas": ("Painting", "Oil on canvas"),
    "folio": ("Folio", "Ink, opaque watercolor, and gold on paper"),
}

# (department, folder of its pictures, classification, culture, nationality)
ORIGINS = {
    "China": ("Asian Art", "as", "Paintings", "China", "Chinese"),
    "Japan": ("Asian Art", "as", "Paintings", "Japan", "Japanese"),
    "America": ("The American Wing", "ad", "", "American", "American"),
    "India": ("Asian Art", "as", "Paintings", "India", "Indian"),
}
