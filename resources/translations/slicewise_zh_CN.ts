<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source>Another window of Slicewise has this series open: its labels and measurements can be looked at here, not changed.</source>
        <translation>Slicewise 的另一个窗口已打开此序列：在这里只能查看其标签和测量，不能修改。</translation>
    </message>
    <message>
        <source>A path needs a volume of several slices that make a regular grid</source>
        <translation>绘制路径需要由多个层面构成、网格规则的容积数据</translation>
    </message>
    <message>
        <source>Slices can be confirmed or be key images, a curved view cannot: choose a pane with slices</source>
        <translation>只有层面可以确认或标为关键图像，曲面重建不行：请选择显示层面的视图</translation>
    </message>
    <message>
        <source>Colours are shown as they are stored: there is no window to choose</source>
        <translation>彩色图像按存储的颜色显示，不能调窗</translation>
    </message>
    <message>
        <source>This picture has colours of its own</source>
        <translation>此图像自带颜色</translation>
    </message>
    <message>
        <source>No series is open</source>
        <translation>未打开序列</translation>
    </message>
    <message>
        <source>Not possible now</source>
        <translation>当前不可用</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>调窗</translation>
    </message>
    <message>
        <source>Drag right: wider; up: brighter. Click: move the cross-hair</source>
        <translation>向右拖动：窗宽增大；向上拖动：变亮。单击：移动十字线</translation>
    </message>
    <message>
        <source>Cross-hair</source>
        <translation>十字线</translation>
    </message>
    <message>
        <source>Click or drag: all planes show this point (also Shift + move)</source>
        <translation>单击或拖动：各平面都定位到该点（也可用 Shift + 移动）</translation>
    </message>
    <message>
        <source>Pan</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>Drag the picture (also the middle button with every tool)</source>
        <translation>拖动图像（任何工具下也可用中键拖动）</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Drag up or down (also the right button, or Ctrl + wheel, with every tool)</source>
        <translation>上下拖动（任何工具下也可用右键拖动或 Ctrl + 滚轮）</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Slices of the scan can be key images, an oblique plane cannot: {Display/Planes along the scan} sets the planes along the scan</source>
        <translation>只有扫描层面可以标为关键图像，斜切面不行：按 {Display/Planes along the scan} 恢复到扫描平面</translation>
    </message>
    <message>
        <source>Slices of the scan can be confirmed, an oblique plane cannot: {Display/Planes along the scan} sets the planes along the scan</source>
        <translation>只能确认扫描层面，不能确认斜切面：按 {Display/Planes along the scan} 恢复到扫描平面</translation>
    </message>
    <message>
        <source>Take labels away; Shift + wheel or {Labels/Smaller brush} {Labels/Larger brush} change the size</source>
        <translation>擦除标签；Shift + 滚轮或 {Labels/Smaller brush} {Labels/Larger brush} 调整大小</translation>
    </message>
    <message>
        <source>Click a structure and its outline is found; more clicks and drags refine it, with Ctrl what does not belong to it</source>
        <translation>点击一个结构即可找到其轮廓；继续点击和拖动可细化，按住 Ctrl 标出不属于它的部分</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>长度</translation>
    </message>
    <message>
        <source>Drag, or click twice</source>
        <translation>拖动，或单击两次</translation>
    </message>
    <message>
        <source>Angle</source>
        <translation>角度</translation>
    </message>
    <message>
        <source>Three clicks, the vertex second</source>
        <translation>单击三点，第二点为顶点</translation>
    </message>
    <message>
        <source>Cobb angle</source>
        <translation>Cobb 角</translation>
    </message>
    <message>
        <source>Two lines, each dragged or of two clicks</source>
        <translation>两条线，每条拖动绘制或单击两点</translation>
    </message>
    <message>
        <source>Ellipse</source>
        <translation>椭圆</translation>
    </message>
    <message>
        <source>Drag from corner to corner: mean, SD, min, max, area</source>
        <translation>从一角拖到对角：平均值、标准差、最小值、最大值、面积</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Click each corner; double click or Return closes it</source>
        <translation>依次单击各顶点；双击或按 Enter 闭合</translation>
    </message>
    <message>
        <source>Freehand</source>
        <translation>手绘区域</translation>
    </message>
    <message>
        <source>Drag around a region</source>
        <translation>沿区域边缘拖动</translation>
    </message>
    <message>
        <source>Probe</source>
        <translation>像素值</translation>
    </message>
    <message>
        <source>Click: the stored value of the voxel</source>
        <translation>单击：显示该体素的存储值</translation>
    </message>
    <message>
        <source>Line profile</source>
        <translation>灰度曲线</translation>
    </message>
    <message>
        <source>Drag, or click twice: the values along the line</source>
        <translation>拖动，或单击两次：显示沿线的数值</translation>
    </message>
    <message>
        <source>Curved path</source>
        <translation>曲面路径</translation>
    </message>
    <message>
        <source>Click along it, on any slices; Return or a double click ends it</source>
        <translation>沿结构逐点单击，可跨层面；按 Enter 或双击结束</translation>
    </message>
    <message>
        <source>Arrow</source>
        <translation>箭头</translation>
    </message>
    <message>
        <source>Drag from what it points at; then write</source>
        <translation>从所指处开始拖动，然后输入文字</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>Click and write</source>
        <translation>单击后输入文字</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo {what}</source>
        <translation>撤销：{what}</translation>
    </message>
    <message>
        <source>Nothing to undo</source>
        <translation>没有可撤销的操作</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Redo {what}</source>
        <translation>重做：{what}</translation>
    </message>
    <message>
        <source>Nothing to redo</source>
        <translation>没有可重做的操作</translation>
    </message>
    <message>
        <source>This modality has no such preset</source>
        <translation>此类设备没有这个预设窗</translation>
    </message>
    <message>
        <source>Window preset {key}</source>
        <translation>预设窗 {key}</translation>
    </message>
    <message>
        <source>This series is synthetic: a model made it, in part or whole. It is looked at, not measured; measure on the series that it was made of.</source>
        <translation>此序列为合成图像：其部分或全部由模型生成。仅供查看，不可测量；请在其来源序列上测量。</translation>
    </message>
    <message>
        <source>Slices of the scan can be answered, an oblique plane cannot: {Display/Planes along the scan} sets the planes along the scan</source>
        <translation>只能对扫描层面作答，斜面不可：{Display/Planes along the scan} 将平面恢复为扫描方向</translation>
    </message>
    <message>
        <source>The file does not say its modality: there are no window presets for it</source>
        <translation>文件未说明设备类型：没有相应的预设窗</translation>
    </message>
    <message>
        <source>The label is locked: its row in the table unlocks it</source>
        <translation>标签已锁定：可在标签表的该行解锁</translation>
    </message>
    <message>
        <source>This tool follows grey values, and this picture has colours</source>
        <translation>此工具依据灰度值，而这幅图像是彩色的</translation>
    </message>
    <message>
        <source>Paint the chosen label on the slice, Ctrl takes away; Shift + wheel or {Labels/Smaller brush} {Labels/Larger brush} change the size</source>
        <translation>在层面上绘制所选标签，按住 Ctrl 则擦除；Shift + 滚轮或 {Labels/Smaller brush} {Labels/Larger brush} 调整大小</translation>
    </message>
    <message>
        <source>Draw polygon</source>
        <translation>绘制多边形</translation>
    </message>
    <message>
        <source>Click the corners of a region for the label; double click or Return closes it. Ctrl takes away</source>
        <translation>单击标签区域的各个角点；双击或按 Return 闭合。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Draw lasso</source>
        <translation>绘制套索</translation>
    </message>
    <message>
        <source>Drag around a region for the label. Ctrl takes away</source>
        <translation>拖动圈出标签的区域。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Live wire</source>
        <translation>智能描边</translation>
    </message>
    <message>
        <source>Click points along an edge: the line follows it from each to the next; double click or Return closes it. Ctrl takes away</source>
        <translation>沿边缘单击各点：线条自动贴合两点之间的边缘；双击或按 Return 闭合。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Flood fill</source>
        <translation>区域填充</translation>
    </message>
    <message>
        <source>Click: the label gets all that is joined to the pixel and as bright, on this slice; drag up or down for the range. Ctrl takes away</source>
        <translation>单击：标签获得本层面上与该像素相连且灰度相近的全部区域；上下拖动可改变范围。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Flood fill in 3-D</source>
        <translation>三维区域填充</translation>
    </message>
    <message>
        <source>Click: the label gets all that is joined to the voxel and as bright, through all slices; drag up or down for the range. Ctrl takes away</source>
        <translation>单击：标签获得所有层面上与该体素相连且灰度相近的全部区域；上下拖动可改变范围。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Click to segment</source>
        <translation>点击分割</translation>
    </message>
    <message>
        <source>Level tracing</source>
        <translation>等值线追踪</translation>
    </message>
    <message>
        <source>The contour line through the pixel under the mouse; a click takes what it encloses. Ctrl takes away</source>
        <translation>显示通过鼠标所在像素的等值线；单击即取其所围区域。按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Box of the label</source>
        <translation>标签的方框</translation>
    </message>
    <message>
        <source>Drag from corner to corner: where something of the chosen label is, for models that detect</source>
        <translation>从一角拖到另一角：所选标签的某物在哪里，供检测模型使用</translation>
    </message>
    <message>
        <source>table</source>
        <translation>查找表</translation>
    </message>
    <message>
        <source>window {n}</source>
        <translation>窗 {n}</translation>
    </message>
    <message>
        <source>From the file: {window}</source>
        <translation>文件自带：{window}</translation>
    </message>
    <message>
        <source>This file draws nothing over its picture</source>
        <translation>此文件没有图像叠加层</translation>
    </message>
    <message>
        <source>Next slice towards head, front or left</source>
        <translation>下一层（向头、前或左）</translation>
    </message>
    <message>
        <source>Next slice towards feet, back or right</source>
        <translation>下一层（向足、后或右）</translation>
    </message>
    <message>
        <source>10 slices on</source>
        <translation>前进 10 层</translation>
    </message>
    <message>
        <source>10 slices back</source>
        <translation>后退 10 层</translation>
    </message>
    <message>
        <source>Last slice that way</source>
        <translation>该方向的最后一层</translation>
    </message>
    <message>
        <source>Last slice this way</source>
        <translation>反方向的最后一层</translation>
    </message>
    <message>
        <source>Window of the file, or automatic</source>
        <translation>文件自带窗或自动窗</translation>
    </message>
    <message>
        <source>Invert grey levels</source>
        <translation>灰阶反转</translation>
    </message>
    <message>
        <source>Next colour map</source>
        <translation>下一种伪彩</translation>
    </message>
    <message>
        <source>Smooth magnified pictures</source>
        <translation>放大时平滑显示</translation>
    </message>
    <message>
        <source>Off: each voxel is a sharp block</source>
        <translation>关闭：每个体素显示为清晰的方块</translation>
    </message>
    <message>
        <source>Neurological convention: patient&apos;s left on the left</source>
        <translation>神经学惯例：患者左侧在屏幕左侧</translation>
    </message>
    <message>
        <source>Axial and coronal planes of scans; radiographs stay as they are</source>
        <translation>用于扫描的轴位和冠状位；X 线平片保持不变</translation>
    </message>
    <message>
        <source>Text on the panes: all, image only, none</source>
        <translation>图像信息：全部、仅图像、不显示</translation>
    </message>
    <message>
        <source>Show labels</source>
        <translation>显示标签</translation>
    </message>
    <message>
        <source>Overlays of the file</source>
        <translation>文件叠加层</translation>
    </message>
    <message>
        <source>Window/level: dragging up makes darker</source>
        <translation>调窗：向上拖动变暗</translation>
    </message>
    <message>
        <source>Leave the tool: back to window/level</source>
        <translation>退出工具，返回调窗</translation>
    </message>
    <message>
        <source>Delete the measurement</source>
        <translation>删除测量</translation>
    </message>
    <message>
        <source>Show measurements</source>
        <translation>显示测量</translation>
    </message>
    <message>
        <source>Previous label</source>
        <translation>上一个标签</translation>
    </message>
    <message>
        <source>Next label</source>
        <translation>下一个标签</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>缩小画笔</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>放大画笔</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Slices</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>伪彩</translation>
    </message>
    <message>
        <source>3-D</source>
        <translation>三维</translation>
    </message>
    <message>
        <source>Layout</source>
        <translation>布局</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>所见</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>Window</source>
        <comment>of the program</comment>
        <translation>窗口</translation>
    </message>
    <message>
        <source>1 slice that this changed is no longer confirmed.</source>
        <translation>被此更改的 1 个层面不再是已确认状态。</translation>
    </message>
    <message>
        <source>{count} slices that this changed are no longer confirmed.</source>
        <translation>被此更改的 {count} 个层面不再是已确认状态。</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be used ({error}).</source>
        <translation>无法使用文件夹 {folder}（{error}）。</translation>
    </message>
    <message>
        <source>Your studies, labels and settings are kept there. In another folder you can work as usual.</source>
        <translation>您的检查、标签和设置都保存在该文件夹中。您可以在另一个文件夹中照常工作。</translation>
    </message>
    <message>
        <source>Choose another folder…</source>
        <translation>选择另一个文件夹…</translation>
    </message>
    <message>
        <source>Details for the developers, without patient data, are in {log}.</source>
        <translation>供开发者查看的详细信息（不含患者数据）保存在 {log}。</translation>
    </message>
    <message>
        <source>Something went wrong in Slicewise. Your annotations are saved; you can go on working.</source>
        <translation>Slicewise 出现错误。您的标注已保存，可以继续工作。</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>您想做什么？</translation>
    </message>
    <message>
        <source>Find a command</source>
        <translation>查找命令</translation>
    </message>
    <message>
        <source>Nothing fits</source>
        <translation>没有匹配项</translation>
    </message>
    <message>
        <source>{group}:  </source>
        <translation>{group}：</translation>
    </message>
    <message>
        <source>The points of the path are all at one place: drag them apart</source>
        <translation>路径的点都在同一位置：请将它们拖开</translation>
    </message>
    <message>
        <source>No painting here: a curved view is no slice</source>
        <translation>曲面重建不是扫描层面，不能在此绘制</translation>
    </message>
    <message>
        <source>No measuring here: a curved view is stretched</source>
        <translation>曲面重建有变形，不能在此测量</translation>
    </message>
    <message>
        <source>One surface</source>
        <translation>单一曲面</translation>
    </message>
    <message>
        <source>Draw a path first: {Measuring/Curved path}, then click along it on a slice</source>
        <translation>请先绘制路径：按 {Measuring/Curved path}，然后在层面上沿结构逐点单击</translation>
    </message>
    <message>
        <source>The scan is stretched out along the path. Along the path, and straight across it, mm are true at the path; slanting lengths, angles and areas are not, and what lies beside the path may be seen twice or not at all. So nothing is measured, painted or confirmed here. A click shows the place on the slices. The wheel moves the surface beside the path; {Display/Reset view} brings it back. {Display/Turn clockwise} turns the picture.</source>
        <translation>图像沿路径展开。仅在路径上，沿路径方向及与其垂直的方向，毫米数才准确；斜向长度、角度和面积并不准确，路径旁的结构可能重复出现或完全缺失。因此这里不能测量、绘制或确认。单击可在层面上定位。滚轮将曲面移到路径旁；按 {Display/Reset view} 复原。{Display/Turn clockwise} 旋转图像。</translation>
    </message>
    <message>
        <source>Parallel surfaces on both sides of the path are seen as one. Labels belong to the middle one, and no value is written. Shift + wheel, {Display/Thicker slab} and {Display/Thinner slab} change the thickness; {Display/Slab: MIP, MinIP, mean, single slices} shows the next kind, and the surface alone again.</source>
        <translation>路径两侧的平行曲面合并显示。标签属于中间的曲面，不显示像素值。Shift + 滚轮、{Display/Thicker slab}、{Display/Thinner slab} 调整厚度；按 {Display/Slab: MIP, MinIP, mean, single slices} 切换下一种方式，或恢复单一曲面。</translation>
    </message>
    <message>
        <source>The patient&apos;s left is on the left of the screen. {Display/Neurological convention: patient&apos;s left on the left} ends it.</source>
        <translation>患者左侧在屏幕左侧。按 {Display/Neurological convention: patient&apos;s left on the left} 关闭。</translation>
    </message>
    <message>
        <source>Curved</source>
        <translation>曲面重建</translation>
    </message>
    <message>
        <source>{mm:.1f} mm beside the path</source>
        <translation>距路径 {mm:.1f} mm</translation>
    </message>
    <message>
        <source>⚠ Neurological</source>
        <translation>⚠ 神经学惯例</translation>
    </message>
    <message>
        <source>Path {length}</source>
        <translation>路径 {length}</translation>
    </message>
    <message>
        <source>curved view</source>
        <translation>曲面重建视图</translation>
    </message>
    <message>
        <source>Slab</source>
        <translation>厚层</translation>
    </message>
    <message>
        <source>Turn the picture</source>
        <translation>旋转图像</translation>
    </message>
    <message>
        <source>Cross-hair {mm:.1f} mm beside</source>
        <translation>十字线偏离 {mm:.1f} mm</translation>
    </message>
    <message>
        <source>PNG picture</source>
        <translation>PNG 图片</translation>
    </message>
    <message>
        <source>JPEG picture</source>
        <translation>JPEG 图片</translation>
    </message>
    <message>
        <source>GIF film</source>
        <translation>GIF 动画</translation>
    </message>
    <message>
        <source>Slices, as a film</source>
        <translation>逐层动画</translation>
    </message>
    <message>
        <source>Moments, as a film</source>
        <translation>各时相动画</translation>
    </message>
    <message>
        <source>Key images</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>A full turn, as a film</source>
        <translation>旋转一周的动画</translation>
    </message>
    <message>
        <source>Export pictures</source>
        <translation>导出图像</translation>
    </message>
    <message>
        <source>This picture</source>
        <translation>当前图像</translation>
    </message>
    <message>
        <source>As on this screen</source>
        <translation>与屏幕相同</translation>
    </message>
    <message>
        <source>{size}  ({pixels} pixels)</source>
        <translation>{size}（{pixels} 像素）</translation>
    </message>
    <message>
        <source> pictures/s</source>
        <translation> 幅/秒</translation>
    </message>
    <message>
        <source>With the patient&apos;s name and the study&apos;s data</source>
        <translation>包含患者姓名和检查信息</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>to</source>
        <translation>至</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation>另存为…</translation>
    </message>
    <message>
        <source>The patient&apos;s name will be on it.</source>
        <translation>图像上将显示患者姓名。</translation>
    </message>
    <message>
        <source>Working it out: {percent} %</source>
        <translation>正在计算：{percent} %</translation>
    </message>
    <message>
        <source>Write the key images to</source>
        <translation>关键图像保存到</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>另存为</translation>
    </message>
    <message>
        <source>{name} exists already. Replace it?</source>
        <translation>{name} 已存在。要替换吗？</translation>
    </message>
    <message>
        <source>The picture itself may show a name, as pictures of this kind often do. Look before you share it.</source>
        <translation>这类图像的画面中常带有患者姓名。分享前请仔细查看。</translation>
    </message>
    <message>
        <source>A face in 3-D can be recognised.</source>
        <translation>三维图像中的面部可能被认出。</translation>
    </message>
    <message>
        <source>Writing {name}</source>
        <translation>正在写入 {name}</translation>
    </message>
    <message>
        <source>{n} of {count}</source>
        <translation>{n} / {count}</translation>
    </message>
    <message>
        <source>{name} was not written: {reason}.</source>
        <translation>未能写入 {name}：{reason}。</translation>
    </message>
    <message>
        <source>What was to be written is no longer shown; nothing was saved.</source>
        <translation>要写入的内容已不再显示，未保存任何文件。</translation>
    </message>
    <message>
        <source>Copying the picture</source>
        <translation>正在复制图像</translation>
    </message>
    <message>
        <source>What was to be copied is no longer shown.</source>
        <translation>要复制的内容已不再显示。</translation>
    </message>
    <message>
        <source>Nothing is laid over this series</source>
        <translation>此序列上没有融合其他序列</translation>
    </message>
    <message>
        <source>Lay another series over this one…</source>
        <translation>融合其他序列…</translation>
    </message>
    <message>
        <source>PET over CT, or any two whose places in the patient agree</source>
        <translation>如 PET 与 CT 融合，或任意两个空间位置一致的序列</translation>
    </message>
    <message>
        <source>Show what is laid over the series</source>
        <translation>显示融合图像</translation>
    </message>
    <message>
        <source>Off and on, to compare</source>
        <translation>切换显示，便于对比</translation>
    </message>
    <message>
        <source>Fusion denser</source>
        <translation>融合更浓</translation>
    </message>
    <message>
        <source>Fusion fainter</source>
        <translation>融合更淡</translation>
    </message>
    <message>
        <source>Take away what is laid over the series</source>
        <translation>取消融合</translation>
    </message>
    <message>
        <source>Fusion</source>
        <translation>融合</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>No other series of this study can be laid over this one</source>
        <translation>此检查中没有可以融合的其他序列</translation>
    </message>
    <message>
        <source>More by a right click in the list of studies</source>
        <translation>更多序列：在检查列表中单击右键</translation>
    </message>
    <message>
        <source>Treat as registered?</source>
        <translation>视为已配准吗？</translation>
    </message>
    <message>
        <source>The files do not say that {series} and the shown series lie in the same space. If you know that they do, they are laid over one another, and every picture says that they were registered by hand.</source>
        <translation>文件没有说明 {series} 与当前序列位于同一空间。如果您确定二者一致，将把它们融合显示，并在每幅图像上注明为人工配准。</translation>
    </message>
    <message>
        <source>Opacity of the fusion</source>
        <translation>融合不透明度</translation>
    </message>
    <message>
        <source>How dense the upper series is ({Display/Fusion denser}, {Display/Fusion fainter})</source>
        <translation>上层序列的浓淡（{Display/Fusion denser}、{Display/Fusion fainter}）</translation>
    </message>
    <message>
        <source>Colours of the upper series</source>
        <translation>上层序列的伪彩</translation>
    </message>
    <message>
        <source>Colours of the fusion</source>
        <translation>融合伪彩</translation>
    </message>
    <message>
        <source>Window of the upper series (Ctrl + drag on a pane)</source>
        <translation>上层序列的窗（在视图上按住 Ctrl 拖动）</translation>
    </message>
    <message>
        <source>Window of the fusion</source>
        <translation>融合窗</translation>
    </message>
    <message>
        <source>SUV 0 to {end:g}</source>
        <translation>SUV 0 至 {end:g}</translation>
    </message>
    <message>
        <source>As at first</source>
        <translation>初始窗</translation>
    </message>
    <message>
        <source>Two series are seen as one. What lies above is interpolated between its own voxels for each picture; values under the mouse are those of the stored voxels of each, nearest to the place. Ctrl + drag changes the upper window.</source>
        <translation>两个序列合并显示。上层图像由其自身体素插值得到；鼠标处的数值分别取自两个序列中离该处最近的存储体素。按住 Ctrl 拖动可调整上层的窗。</translation>
    </message>
    <message>
        <source>No file says that the places of these two series agree: a person has. How the patient lay is not taken into account. Look at anatomy that both show before you trust what lies over what.</source>
        <translation>没有文件说明这两个序列的空间位置一致，是由人指定的，也未考虑患者体位。请先核对两者都能看到的解剖结构，再相信融合位置。</translation>
    </message>
    <message>
        <source>Fusion hidden: {name}</source>
        <translation>融合已隐藏：{name}</translation>
    </message>
    <message>
        <source>{name} lies over this series, hidden.</source>
        <translation>{name} 已融合到此序列上，当前隐藏。</translation>
    </message>
    <message>
        <source>Fusion: {name} {percent:.0f} %</source>
        <translation>融合：{name} {percent:.0f} %</translation>
    </message>
    <message>
        <source>⚠ Registered by hand</source>
        <translation>⚠ 人工配准</translation>
    </message>
    <message>
        <source>{name}: padding</source>
        <translation>{name}：填充值</translation>
    </message>
    <message>
        <source>{low} to {high} {unit}</source>
        <translation>{low} 至 {high} {unit}</translation>
    </message>
    <message>
        <source>Looking for recent studies</source>
        <translation>正在查找最近的检查</translation>
    </message>
    <message>
        <source>A study</source>
        <translation>未命名检查</translation>
    </message>
    <message>
        <source>no longer in the list of studies</source>
        <translation>已不在检查列表中</translation>
    </message>
    <message>
        <source>its files are not where they were</source>
        <translation>文件已不在原处</translation>
    </message>
    <message>
        <source>Choose an action and press Change. Keys of slices and panes act while a pane has the keyboard.</source>
        <translation>选择一项操作后点击“更改”。层面和视图的快捷键在视图获得焦点时有效。</translation>
    </message>
    <message>
        <source>Press the new key for “{action}”, or Esc to leave it.</source>
        <translation>请按下“{action}”的新快捷键，按 Esc 放弃。</translation>
    </message>
    <message>
        <source>Left drag</source>
        <translation>左键拖动</translation>
    </message>
    <message>
        <source>The chosen tool; window/level at first</source>
        <translation>当前工具；初始为调窗</translation>
    </message>
    <message>
        <source>Click</source>
        <translation>单击</translation>
    </message>
    <message>
        <source>Moves the cross-hair (window/level and cross-hair tools)</source>
        <translation>移动十字线（调窗和十字线工具）</translation>
    </message>
    <message>
        <source>Shift + move</source>
        <translation>Shift + 移动</translation>
    </message>
    <message>
        <source>Moves the cross-hair with any tool</source>
        <translation>任何工具下移动十字线</translation>
    </message>
    <message>
        <source>Middle drag</source>
        <translation>中键拖动</translation>
    </message>
    <message>
        <source>Right drag</source>
        <translation>右键拖动</translation>
    </message>
    <message>
        <source>Right click</source>
        <translation>右键单击</translation>
    </message>
    <message>
        <source>Menu of the pane</source>
        <translation>视图菜单</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>滚轮</translation>
    </message>
    <message>
        <source>Scroll through the slices</source>
        <translation>逐层浏览</translation>
    </message>
    <message>
        <source>Ctrl + wheel</source>
        <translation>Ctrl + 滚轮</translation>
    </message>
    <message>
        <source>Ctrl + left drag</source>
        <translation>Ctrl + 左键拖动</translation>
    </message>
    <message>
        <source>Window of what is laid over the series, with the window tool</source>
        <translation>使用调窗工具时，调整融合图像的窗</translation>
    </message>
    <message>
        <source>Ctrl + drop of a series</source>
        <translation>Ctrl + 拖放序列</translation>
    </message>
    <message>
        <source>Lay it over the one that is shown</source>
        <translation>与当前显示的序列融合</translation>
    </message>
    <message>
        <source>Shift + wheel</source>
        <translation>Shift + 滚轮</translation>
    </message>
    <message>
        <source>Brush size, while painting; thickness of a slab</source>
        <translation>绘制时调整画笔大小；调整厚层厚度</translation>
    </message>
    <message>
        <source>Double click</source>
        <translation>双击</translation>
    </message>
    <message>
        <source>One pane large, and back; on a measurement: write to it</source>
        <translation>放大单个视图或还原；在测量上则为输入文字</translation>
    </message>
    <message>
        <source>Drag a measurement</source>
        <translation>拖动测量</translation>
    </message>
    <message>
        <source>Moves it, its words, or one of its handles</source>
        <translation>移动测量、其文字或控制点</translation>
    </message>
    <message>
        <source>Ctrl + click</source>
        <translation>Ctrl + 单击</translation>
    </message>
    <message>
        <source>Begins a new measurement on top of another</source>
        <translation>在已有测量上开始新的测量</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>键盘和鼠标</translation>
    </message>
    <message>
        <source>Find an action or a key</source>
        <translation>查找操作或按键</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Actions and their keys</source>
        <translation>操作及其快捷键</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>Add another</source>
        <translation>再加一个</translation>
    </message>
    <message>
        <source>No key</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>All default</source>
        <translation>全部默认</translation>
    </message>
    <message>
        <source>Swap</source>
        <translation>互换</translation>
    </message>
    <message>
        <source>A click or a drag says: this belongs to it</source>
        <translation>点击或拖动表示：这属于它</translation>
    </message>
    <message>
        <source>A click or a drag says: this does not belong to it (Ctrl + click)</source>
        <translation>点击或拖动表示：这不属于它（Ctrl + 点击）</translation>
    </message>
    <message>
        <source>A drag draws a box: nothing outside belongs to it</source>
        <translation>拖动绘制方框：框外的都不属于它</translation>
    </message>
    <message>
        <source>Clicks: {count}. {method}</source>
        <translation>点击：{count}。{method}</translation>
    </message>
    <message>
        <source>What was found waits on its slice</source>
        <translation>找到的结果在其所在层等待</translation>
    </message>
    <message>
        <source>Take it</source>
        <translation>改用于此</translation>
    </message>
    <message>
        <source>Give it to the label (Return)</source>
        <translation>赋给标签（Return）</translation>
    </message>
    <message>
        <source>Drop</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Forget it (Esc)</source>
        <translation>丢弃（Esc）</translation>
    </message>
    <message>
        <source>Take the last click back (Backspace)</source>
        <translation>取消最后一次点击（Backspace）</translation>
    </message>
    <message>
        <source>Slices in each direction</source>
        <translation>每个方向的层数</translation>
    </message>
    <message>
        <source>until it ends</source>
        <translation>直到结束</translation>
    </message>
    <message>
        <source>Take it, and find it again in the slices beside it, in both directions: one edit</source>
        <translation>采用，并在两侧相邻层中再次寻找：作为一次编辑</translation>
    </message>
    <message>
        <source>To neighbours</source>
        <translation>到相邻层</translation>
    </message>
    <message>
        <source>Take what was clicked</source>
        <translation>采用点击的结果</translation>
    </message>
    <message>
        <source>What was clicked to neighbouring slices</source>
        <translation>将点击的结果延续到相邻层</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>保留原样</translation>
    </message>
    <message>
        <source>Mouse</source>
        <translation>鼠标</translation>
    </message>
    <message>
        <source> or </source>
        <translation> 或 </translation>
    </message>
    <message>
        <source>Chosen by you</source>
        <translation>由您设定</translation>
    </message>
    <message>
        <source>{key} is the key of “{action}”.</source>
        <translation>{key} 已是“{action}”的快捷键。</translation>
    </message>
    <message>
        <source>“{action}” gets {key}</source>
        <translation>“{action}”将使用 {key}</translation>
    </message>
    <message>
        <source>“{action}” is left without it</source>
        <translation>“{action}”将失去此快捷键</translation>
    </message>
    <message>
        <source>Press a key</source>
        <translation>请按键</translation>
    </message>
    <message>
        <source>The new key</source>
        <translation>新快捷键</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Longest diameter in any direction, over all parts of the label</source>
        <translation>任意方向的最大径，包括标签的所有部分</translation>
    </message>
    <message>
        <source>Radius of brush and eraser; also {Labels/Smaller brush} and {Labels/Larger brush}, or Shift + wheel over a pane</source>
        <translation>画笔和橡皮擦的半径；也可用 {Labels/Smaller brush} 和 {Labels/Larger brush}，或在视图上用 Shift + 滚轮</translation>
    </message>
    <message>
        <source>A disc draws on the shown plane, a sphere in the slices around it, too ({Labels/Brush as a sphere})</source>
        <translation>圆盘只在显示的平面上绘制，球体也绘制周围的层面（{Labels/Brush as a sphere}）</translation>
    </message>
    <message>
        <source>Training learns from confirmed slices: everything on them is as it should be ({Labels/Confirm the slice})</source>
        <translation>训练从已确认的层面中学习：确认即表示该层面上的标签全部正确（{Labels/Confirm the slice}）</translation>
    </message>
    <message>
        <source>How strongly labels cover the image; {Display/Show labels} hides and shows them</source>
        <translation>标签覆盖图像的浓淡；按 {Display/Show labels} 隐藏或显示</translation>
    </message>
    <message>
        <source>Have no tool and no model change it</source>
        <translation>不让任何工具和模型更改它</translation>
    </message>
    <message>
        <source>Let tools and models change it</source>
        <translation>允许工具和模型更改它</translation>
    </message>
    <message>
        <source>A locked label is changed by no tool and no model</source>
        <translation>锁定的标签不会被任何工具或模型更改</translation>
    </message>
    <message>
        <source>New label</source>
        <translation>新建标签</translation>
    </message>
    <message>
        <source>Lists</source>
        <translation>列表</translation>
    </message>
    <message>
        <source>Names, colours and codes of labels, to be used again in other studies</source>
        <translation>标签的名称、颜色和编码，可在其他检查中再次使用</translation>
    </message>
    <message>
        <source>Save the list of labels…</source>
        <translation>保存标签列表…</translation>
    </message>
    <message>
        <source>Use a list of labels…</source>
        <translation>使用标签列表…</translation>
    </message>
    <message>
        <source>Choose a tool to draw the chosen label with.</source>
        <translation>请选择一个工具来绘制所选标签。</translation>
    </message>
    <message>
        <source>Shape of the brush</source>
        <translation>画笔形状</translation>
    </message>
    <message>
        <source>Disc</source>
        <translation>圆盘</translation>
    </message>
    <message>
        <source>Sphere</source>
        <translation>球体</translation>
    </message>
    <message>
        <source>Change the whole label</source>
        <translation>更改整个标签</translation>
    </message>
    <message>
        <source>Confirmed slices</source>
        <translation>已确认的层面</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Image{number} is confirmed</source>
        <translation>已确认图像{number}</translation>
    </message>
    <message>
        <source>Confirm image{number}</source>
        <translation>确认图像{number}</translation>
    </message>
    <message>
        <source>{plane} slice{number} is confirmed</source>
        <translation>已确认{plane}层面{number}</translation>
    </message>
    <message>
        <source>Confirm {in_plane} slice{number}</source>
        <translation>确认{in_plane}层面{number}</translation>
    </message>
    <message>
        <source>{done} of {count} {in_plane} slices confirmed</source>
        <translation>{count} 个{in_plane}层面中 {done} 个已确认</translation>
    </message>
    <message>
        <source>no code</source>
        <translation>无编码</translation>
    </message>
    <message>
        <source>Alt + click: show only this one</source>
        <translation>Alt + 单击：只显示这一个</translation>
    </message>
    <message>
        <source>locked</source>
        <translation>已锁定</translation>
    </message>
    <message>
        <source>not locked</source>
        <translation>未锁定</translation>
    </message>
    <message>
        <source>Write the first question above, “Pneumothorax” for instance. The list stays for all series; your answers are what classifiers learn from.</source>
        <translation>在上方写下第一个问题，例如“气胸”。此列表用于所有序列；分类模型从您的回答中学习。</translation>
    </message>
    <message>
        <source>{Findings/Yes to finding 1} is yes, {Findings/No to finding 1} is no, once more takes it back; 2 to 9 the next ones. {Findings/No to the rest} says no to the rest of the slice, {Findings/Next slice or series to answer} goes on. Without an answer training learns nothing; no is an answer.</source>
        <translation>{Findings/Yes to finding 1} 为“是”，{Findings/No to finding 1} 为“否”，再按一次则撤回；2 到 9 对应后面的所见。{Findings/No to the rest} 对本层其余所见回答“否”，{Findings/Next slice or series to answer} 转到下一个。未回答的不参与训练；“否”也是回答。</translation>
    </message>
    <message>
        <source>New finding</source>
        <translation>新建所见</translation>
    </message>
    <message>
        <source>What is asked</source>
        <translation>提问对象</translation>
    </message>
    <message>
        <source>of a slice</source>
        <translation>针对层面</translation>
    </message>
    <message>
        <source>of a series</source>
        <translation>针对序列</translation>
    </message>
    <message>
        <source>of a study</source>
        <translation>针对检查</translation>
    </message>
    <message>
        <source>Finding</source>
        <translation>所见</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一个</translation>
    </message>
    <message>
        <source>This series</source>
        <translation>本序列</translation>
    </message>
    <message>
        <source>This study</source>
        <translation>本检查</translation>
    </message>
    <message>
        <source>This slice</source>
        <translation>本层</translation>
    </message>
    <message>
        <source>This slice: an oblique plane has none</source>
        <translation>本层：斜面没有层</translation>
    </message>
    <message>
        <source>This image: {number}</source>
        <translation>本图像：{number}</translation>
    </message>
    <message>
        <source>This image</source>
        <translation>本图像</translation>
    </message>
    <message>
        <source>This slice: {plane} {number}</source>
        <translation>本层：{plane} {number}</translation>
    </message>
    <message>
        <source>{count} not answered.</source>
        <translation>{count} 项未回答。</translation>
    </message>
    <message>
        <source>{done} of {count} slices are answered.</source>
        <translation>已回答 {done}/{count} 层。</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Code…</source>
        <translation>编码…</translation>
    </message>
    <message>
        <source>Take off the list…</source>
        <translation>从列表移除…</translation>
    </message>
    <message>
        <source>Take {name} off the list for all series? Its answers ({count}) are kept, and are there again when a finding of this name is added.</source>
        <translation>将 {name} 从所有序列的列表中移除？它的回答（{count}）会保留，再次添加同名所见时即可恢复。</translation>
    </message>
    <message>
        <source>By judging a score: {model} · {hash} · {device} · {made}
{name}: {percent:.0f} %, threshold {threshold:.0f} %</source>
        <translation>由判定评分得出：{model} · {hash} · {device} · {made}
{name}：{percent:.0f} %，阈值 {threshold:.0f} %</translation>
    </message>
    <message>
        <source>Show only this</source>
        <translation>只显示此项</translation>
    </message>
    <message>
        <source>Opacity on slices</source>
        <translation>层面上的不透明度</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>解锁</translation>
    </message>
    <message>
        <source>Lock</source>
        <translation>锁定</translation>
    </message>
    <message>
        <source>Merge into</source>
        <translation>合并到</translation>
    </message>
    <message>
        <source>Delete the label {name}? Its voxels will be no label&apos;s. Undo brings them back.</source>
        <translation>删除标签{name}？其体素将不属于任何标签。撤销可恢复。</translation>
    </message>
    <message>
        <source>Save the list of labels</source>
        <translation>保存标签列表</translation>
    </message>
    <message>
        <source>Lists (*.json)</source>
        <translation>列表 (*.json)</translation>
    </message>
    <message>
        <source>Saving the list of labels</source>
        <translation>正在保存标签列表</translation>
    </message>
    <message>
        <source>Use a list of labels</source>
        <translation>使用标签列表</translation>
    </message>
    <message>
        <source>Reading a list of labels</source>
        <translation>正在读取标签列表</translation>
    </message>
    <message>
        <source>Please choose</source>
        <translation>请选择</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>head, back, left (axial slices)</source>
        <translation>头侧、背侧、左侧（轴位层面）</translation>
    </message>
    <message>
        <source>slices, rows, columns of the file (nnU-Net)</source>
        <translation>文件的层、行、列（nnU-Net）</translation>
    </message>
    <message>
        <source>columns, rows, slices of the file (MONAI)</source>
        <translation>文件的列、行、层（MONAI）</translation>
    </message>
    <message>
        <source>right, front, head</source>
        <translation>右侧、前侧、头侧</translation>
    </message>
    <message>
        <source>left, back, head</source>
        <translation>左侧、背侧、头侧</translation>
    </message>
    <message>
        <source>head, front, right</source>
        <translation>头侧、前侧、右侧</translation>
    </message>
    <message>
        <source>To where slices, rows and columns follow one another in what the network sees.</source>
        <translation>网络所见图像中，层、行、列依次递增的方向。</translation>
    </message>
    <message>
        <source>To where the first, second and third axis of what the network sees grow.</source>
        <translation>网络所见图像中，第一、第二、第三轴递增的方向。</translation>
    </message>
    <message>
        <source>Scores of classes, background first (softmax)</source>
        <translation>各类别的得分，背景在前（softmax）</translation>
    </message>
    <message>
        <source>Scores of labels, one by one (sigmoid)</source>
        <translation>各标签单独的得分（sigmoid）</translation>
    </message>
    <message>
        <source>Probabilities of classes, background first</source>
        <translation>各类别的概率，背景在前</translation>
    </message>
    <message>
        <source>Probabilities of labels, one by one</source>
        <translation>各标签单独的概率</translation>
    </message>
    <message>
        <source>A fixed window</source>
        <translation>固定窗</translation>
    </message>
    <message>
        <source>Values from low to high, Hounsfield units of a CT, go to 0 … 1; those beyond are clipped.</source>
        <translation>从下限到上限的值（CT 为 HU）映射到 0 … 1；超出的被截断。</translation>
    </message>
    <message>
        <source>Percentiles of the image</source>
        <translation>图像的百分位数</translation>
    </message>
    <message>
        <source>The darkest and brightest few per cent are clipped; what is between goes to 0 … 1. Usual for MR.</source>
        <translation>最暗和最亮的百分之几被截断；其余映射到 0 … 1。常用于 MR。</translation>
    </message>
    <message>
        <source>Mean 0, deviation 1 (z-score)</source>
        <translation>均值 0，标准差 1（z-score）</translation>
    </message>
    <message>
        <source>The image&apos;s own mean is subtracted, then divided by its standard deviation. nnU-Net&apos;s way for MR.</source>
        <translation>减去图像自身的均值，再除以其标准差。nnU-Net 处理 MR 的方式。</translation>
    </message>
    <message>
        <source>Mean and deviation of the training images</source>
        <translation>训练图像的均值和标准差</translation>
    </message>
    <message>
        <source>Values are clipped, then a mean of the training images is subtracted. nnU-Net&apos;s way for CT.</source>
        <translation>先截断，再减去训练图像的均值。nnU-Net 处理 CT 的方式。</translation>
    </message>
    <message>
        <source>As they are stored</source>
        <translation>按存储值</translation>
    </message>
    <message>
        <source>The network scales the values itself.</source>
        <translation>网络自行缩放数值。</translation>
    </message>
    <message>
        <source>Low</source>
        <translation>下限</translation>
    </message>
    <message>
        <source>High</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>Lower</source>
        <translation>低百分位</translation>
    </message>
    <message>
        <source>Upper</source>
        <translation>高百分位</translation>
    </message>
    <message>
        <source>Deviation</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>to 0 …</source>
        <translation>映射到 0 …</translation>
    </message>
    <message>
        <source>… 1</source>
        <translation>… 1</translation>
    </message>
    <message>
        <source>Body part</source>
        <translation>部位</translation>
    </message>
    <message>
        <source>as DICOM writes it, e.g. CHEST</source>
        <translation>按 DICOM 的写法，例如 CHEST</translation>
    </message>
    <message>
        <source>e.g. Apache-2.0, or unknown</source>
        <translation>例如 Apache-2.0，或未知</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>slices</source>
        <translation>层</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>{letters}: {names} of the file</source>
        <translation>{letters}：文件的{names}</translation>
    </message>
    <message>
        <source>Axes</source>
        <translation>轴向</translation>
    </message>
    <message>
        <source>{n} neighbouring slices; the middle one is segmented</source>
        <translation>{n} 个相邻层面；分割中间的一层</translation>
    </message>
    <message>
        <source>the same slice {n} times (a network made for colour)</source>
        <translation>同一层面重复 {n} 次（为彩色图像设计的网络）</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>Voxel size</source>
        <translation>体素大小</translation>
    </message>
    <message>
        <source>the image&apos;s own: any size will do</source>
        <translation>图像自身的：任何大小都可以</translation>
    </message>
    <message>
        <source>pixels of one size, slices as they are</source>
        <translation>像素为固定大小，层面保持原样</translation>
    </message>
    <message>
        <source>one size: images are resampled to it</source>
        <translation>固定大小：图像重采样到此大小</translation>
    </message>
    <message>
        <source>first</source>
        <translation>第一轴</translation>
    </message>
    <message>
        <source>second</source>
        <translation>第二轴</translation>
    </message>
    <message>
        <source>third</source>
        <translation>第三轴</translation>
    </message>
    <message>
        <source>{axis}, mm</source>
        <translation>{axis}，mm</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Voxels that count</source>
        <translation>计入的体素</translation>
    </message>
    <message>
        <source>of all voxels</source>
        <translation>所有体素</translation>
    </message>
    <message>
        <source>of all voxels but those that are 0</source>
        <translation>除 0 以外的所有体素</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>块</translation>
    </message>
    <message>
        <source>Voxels that it sees at once along each axis: as many as in its training, if you know.</source>
        <translation>沿每个轴一次所见的体素数：如果知道，与训练时相同。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Colour of {name}</source>
        <translation>{name} 的颜色</translation>
    </message>
    <message>
        <source>Double click, or Space, for another colour</source>
        <translation>双击或按空格键更换颜色</translation>
    </message>
    <message>
        <source>Training learns from confirmed slices.</source>
        <translation>训练从已确认的层面中学习。</translation>
    </message>
    <message>
        <source>Confirmed: nothing is here.</source>
        <translation>已确认：此处没有任何标签。</translation>
    </message>
    <message>
        <source>Confirming says: nothing is here.</source>
        <translation>确认即表示：此处没有任何标签。</translation>
    </message>
    <message>
        <source>Code of {name}</source>
        <translation>{name}的编码</translation>
    </message>
    <message>
        <source>Find a structure or finding, in English</source>
        <translation>用英文查找结构或所见</translation>
    </message>
    <message>
        <source>Terms found</source>
        <translation>找到的术语</translation>
    </message>
    <message>
        <source>Call the label so, too</source>
        <translation>标签也用此名称</translation>
    </message>
    <message>
        <source>Region {number}</source>
        <translation>区域 {number}</translation>
    </message>
    <message>
        <source>Now: {meaning} ({scheme} {value})</source>
        <translation>目前：{meaning}（{scheme} {value}）</translation>
    </message>
    <message>
        <source>Now: no code. With one, other programs know what the label is.</source>
        <translation>目前：无编码。有了编码，其他程序就知道该标签是什么。</translation>
    </message>
    <message>
        <source>No code</source>
        <translation>无编码</translation>
    </message>
    <message>
        <source>✓ {plane} slice {number}</source>
        <translation>✓ {plane}层面 {number}</translation>
    </message>
    <message>
        <source>✓ Image {number}</source>
        <translation>✓ 图像 {number}</translation>
    </message>
    <message>
        <source>Click to go there</source>
        <translation>单击以定位到该层面</translation>
    </message>
    <message>
        <source>Window presets</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>查看(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Layout</source>
        <translation>布局(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Slices</source>
        <translation>层面(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>工具(&amp;T)</translation>
    </message>
    <message>
        <source>La&amp;bels</source>
        <translation>标签(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>测量(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;AI</source>
        <translation>AI(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>窗口(&amp;W)</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Show which</source>
        <translation>查看明细</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>接受</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>list of studies</source>
        <translation>检查列表</translation>
    </message>
    <message>
        <source>file of annotations</source>
        <translation>标注文件</translation>
    </message>
    <message>
        <source>The {what} was damaged and begun anew. The old one is kept: {path}</source>
        <translation>{what}已损坏并已重新建立。旧文件保留在：{path}</translation>
    </message>
    <message>
        <source>Open a scan to begin</source>
        <translation>请打开影像</translation>
    </message>
    <message>
        <source>Drop folders or files anywhere in this window: DICOM, also in ZIP archives, NIfTI, NRRD, MHA, PNG or JPEG.</source>
        <translation>可将文件夹或文件拖放到此窗口的任意位置：DICOM（也可在 ZIP 压缩包中）、NIfTI、NRRD、MHA、PNG 或 JPEG。</translation>
    </message>
    <message>
        <source>Choose a series to begin</source>
        <translation>请选择一个序列</translation>
    </message>
    <message>
        <source>Double click one in the list on the left ({Window/Studies} shows and hides it), or drop more folders or files anywhere in this window.</source>
        <translation>在左侧列表中双击一个序列（{Window/Studies} 可显示或隐藏列表），也可将更多文件夹或文件拖放到此窗口的任意位置。</translation>
    </message>
    <message>
        <source>Open the demo study</source>
        <translation>打开演示检查</translation>
    </message>
    <message>
        <source>Open a folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open files…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>Not for diagnostic use.</source>
        <translation>非诊断用途。</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Export pictures…</source>
        <translation>导出图像…</translation>
    </message>
    <message>
        <source>Copy the picture</source>
        <translation>复制图像</translation>
    </message>
    <message>
        <source>Without the patient&apos;s name</source>
        <translation>不含患者姓名</translation>
    </message>
    <message>
        <source>Copy the picture with the patient&apos;s name</source>
        <translation>复制图像（含患者姓名）</translation>
    </message>
    <message>
        <source>Forget recent studies</source>
        <translation>清除最近的检查</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Reset view</source>
        <translation>重置视图</translation>
    </message>
    <message>
        <source>One pane large, or all</source>
        <translation>放大单个视图或还原</translation>
    </message>
    <message>
        <source>One pane</source>
        <translation>单视图</translation>
    </message>
    <message>
        <source>Two panes side by side</source>
        <translation>双视图并排</translation>
    </message>
    <message>
        <source>One large and three small panes</source>
        <translation>一大三小视图</translation>
    </message>
    <message>
        <source>Four panes</source>
        <translation>四视图</translation>
    </message>
    <message>
        <source>Six panes</source>
        <translation>六视图</translation>
    </message>
    <message>
        <source>Axial in this pane</source>
        <translation>在此视图显示轴位</translation>
    </message>
    <message>
        <source>Coronal in this pane</source>
        <translation>在此视图显示冠状位</translation>
    </message>
    <message>
        <source>Sagittal in this pane</source>
        <translation>在此视图显示矢状位</translation>
    </message>
    <message>
        <source>3-D in this pane</source>
        <translation>在此视图显示三维</translation>
    </message>
    <message>
        <source>Curved, along the path, in this pane</source>
        <translation>在此视图显示沿路径的曲面重建</translation>
    </message>
    <message>
        <source>Only this series</source>
        <translation>仅显示此序列</translation>
    </message>
    <message>
        <source>Link places across series</source>
        <translation>序列间同步位置</translation>
    </message>
    <message>
        <source>Link magnification across series</source>
        <translation>序列间同步缩放</translation>
    </message>
    <message>
        <source>Link windows across series</source>
        <translation>序列间同步调窗</translation>
    </message>
    <message>
        <source>Reference lines</source>
        <translation>定位线</translation>
    </message>
    <message>
        <source>The cross-hairs are at the same place</source>
        <translation>各十字线位于同一位置</translation>
    </message>
    <message>
        <source>Links series of different examinations from here on, by your word</source>
        <translation>由您指定，从此处起同步不同检查的序列</translation>
    </message>
    <message>
        <source>{command}: on</source>
        <translation>{command}：已开启</translation>
    </message>
    <message>
        <source>{command}: off</source>
        <translation>{command}：已关闭</translation>
    </message>
    <message>
        <source>Slab: MIP, MinIP, mean, single slices</source>
        <translation>厚层：MIP、MinIP、平均、单层</translation>
    </message>
    <message>
        <source>Thicker slab</source>
        <translation>增加厚度</translation>
    </message>
    <message>
        <source>Thinner slab</source>
        <translation>减小厚度</translation>
    </message>
    <message>
        <source>Mirror left and right</source>
        <translation>左右镜像</translation>
    </message>
    <message>
        <source>Mirror above and below</source>
        <translation>上下镜像</translation>
    </message>
    <message>
        <source>Turn clockwise</source>
        <translation>顺时针旋转</translation>
    </message>
    <message>
        <source>Turn anticlockwise</source>
        <translation>逆时针旋转</translation>
    </message>
    <message>
        <source>Turn the other planes clockwise by 5°</source>
        <translation>其他平面顺时针旋转 5°</translation>
    </message>
    <message>
        <source>Turn the other planes anticlockwise by 5°</source>
        <translation>其他平面逆时针旋转 5°</translation>
    </message>
    <message>
        <source>Turn the other planes clockwise by 1°</source>
        <translation>其他平面顺时针旋转 1°</translation>
    </message>
    <message>
        <source>Turn the other planes anticlockwise by 1°</source>
        <translation>其他平面逆时针旋转 1°</translation>
    </message>
    <message>
        <source>Planes along the scan</source>
        <translation>恢复到扫描平面</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Next pane</source>
        <translation>下一个视图</translation>
    </message>
    <message>
        <source>Previous pane</source>
        <translation>上一个视图</translation>
    </message>
    <message>
        <source>There are no labels to export</source>
        <translation>没有可导出的标签</translation>
    </message>
    <message>
        <source>Next series of the list</source>
        <translation>列表中的下一个序列</translation>
    </message>
    <message>
        <source>Previous series of the list</source>
        <translation>列表中的上一个序列</translation>
    </message>
    <message>
        <source>Show or hide the scan in 3-D</source>
        <translation>显示或隐藏三维体绘制</translation>
    </message>
    <message>
        <source>Show or hide label surfaces in 3-D</source>
        <translation>显示或隐藏三维标签表面</translation>
    </message>
    <message>
        <source>Confirm the slice</source>
        <translation>确认层面</translation>
    </message>
    <message>
        <source>Everything on it is as it should be: training learns from it</source>
        <translation>该层面上的标签全部正确：训练将从中学习</translation>
    </message>
    <message>
        <source>Key image</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Mark this slice, to find it again or to export it; marked once more, it is none</source>
        <translation>标记此层面，便于再次查找或导出；再次标记则取消</translation>
    </message>
    <message>
        <source>Next key image</source>
        <translation>下一幅关键图像</translation>
    </message>
    <message>
        <source>Previous key image</source>
        <translation>上一幅关键图像</translation>
    </message>
    <message>
        <source>Write to the measurement…</source>
        <translation>编辑测量文字…</translation>
    </message>
    <message>
        <source>Magnifier while the key is held</source>
        <translation>放大镜（按住按键时）</translation>
    </message>
    <message>
        <source>The wheel makes it stronger; chosen here it stays until Esc</source>
        <translation>滚轮调整放大倍数；从菜单选择时，按 Esc 才关闭</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>The frames of a cine or moments of a sequence</source>
        <translation>播放电影的各帧或动态序列的各时相</translation>
    </message>
    <message>
        <source>Resample to a regular grid…</source>
        <translation>重采样为规则网格…</translation>
    </message>
    <message>
        <source>Previous frame or moment</source>
        <translation>上一帧或上一时相</translation>
    </message>
    <message>
        <source>Next frame or moment</source>
        <translation>下一帧或下一时相</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Run the chosen model on this series</source>
        <translation>在此序列上运行所选模型</translation>
    </message>
    <message>
        <source>Accept the proposal</source>
        <translation>接受分割建议</translation>
    </message>
    <message>
        <source>Reject the proposal</source>
        <translation>拒绝分割建议</translation>
    </message>
    <message>
        <source>Training…</source>
        <translation>训练…</translation>
    </message>
    <message>
        <source>Studies</source>
        <translation>检查列表</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>侧边面板</translation>
    </message>
    <message>
        <source>Next part of the window</source>
        <translation>窗口的下一区域</translation>
    </message>
    <message>
        <source>Previous part of the window</source>
        <translation>窗口的上一区域</translation>
    </message>
    <message>
        <source>Label colours for every colour vision</source>
        <translation>色觉友好的标签颜色</translation>
    </message>
    <message>
        <source>The default labels in the colours of Okabe and Ito</source>
        <translation>默认标签采用 Okabe 和 Ito 的配色</translation>
    </message>
    <message>
        <source>Light theme</source>
        <translation>浅色主题</translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation>查找命令…</translation>
    </message>
    <message>
        <source>Keys and mouse…</source>
        <translation>键盘和鼠标…</translation>
    </message>
    <message>
        <source>About Slicewise…</source>
        <translation>关于 Slicewise…</translation>
    </message>
    <message>
        <source>Recent studies</source>
        <translation>最近的检查</translation>
    </message>
    <message>
        <source>Mirror and turn</source>
        <translation>镜像与旋转</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Zoom and go to</source>
        <translation>缩放与切换</translation>
    </message>
    <message>
        <source>Oblique planes</source>
        <translation>斜切面</translation>
    </message>
    <message>
        <source>Language · 语言</source>
        <translation>语言 · Language</translation>
    </message>
    <message>
        <source>What was clicked</source>
        <translation>点击的结果</translation>
    </message>
    <message>
        <source>Colour map</source>
        <translation>伪彩</translation>
    </message>
    <message>
        <source>More tools</source>
        <translation>更多工具</translation>
    </message>
    <message>
        <source>{Labels/Confirm, and on to the next suggestion} confirms and goes to the slice that teaches most.</source>
        <translation>{Labels/Confirm, and on to the next suggestion} 确认并转到最有学习价值的层面。</translation>
    </message>
    <message>
        <source>{Labels/Confirm, and on to the next suggestion} confirms the slice and goes to the one that teaches most: of another patient, unlike those that are confirmed, where the model is unsure.</source>
        <translation>{Labels/Confirm, and on to the next suggestion} 确认该层面，并转到最有助于学习的层面：其他患者、与已确认者不同、模型不确定的层面。</translation>
    </message>
    <message>
        <source>Next to annotate</source>
        <translation>接下来标注</translation>
    </message>
    <message>
        <source>Suggest</source>
        <translation>建议</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Mean Dice</source>
        <translation>平均 Dice</translation>
    </message>
    <message>
        <source>Remark</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>✓ Fits</source>
        <translation>✓ 适合</translation>
    </message>
    <message>
        <source>▲ Fits with doubts</source>
        <translation>▲ 适合，但有疑问</translation>
    </message>
    <message>
        <source>✕ Skipped: it should not run</source>
        <translation>✕ 已跳过：不应运行</translation>
    </message>
    <message>
        <source>– Skipped: it cannot run</source>
        <translation>– 已跳过：无法运行</translation>
    </message>
    <message>
        <source>✕ Failed</source>
        <translation>✕ 失败</translation>
    </message>
    <message>
        <source>Series that the model should not run on are skipped. A run that was ended goes on where it was when it is started into the same folder again. Double click a row to open the series with its result as a proposal.</source>
        <translation>模型不应运行的序列会被跳过。中断的运行在再次写入同一文件夹时从中断处继续。双击一行可打开该序列，其结果作为建议显示。</translation>
    </message>
    <message>
        <source>Run on many series…</source>
        <translation>在多个序列上运行…</translation>
    </message>
    <message>
        <source>Run on many series</source>
        <translation>在多个序列上运行</translation>
    </message>
    <message>
        <source>Open study</source>
        <translation>当前检查</translation>
    </message>
    <message>
        <source>All listed series</source>
        <translation>列表中的所有序列</translation>
    </message>
    <message>
        <source>Folder for the results</source>
        <translation>结果文件夹</translation>
    </message>
    <message>
        <source>Folder of references</source>
        <translation>参考文件夹</translation>
    </message>
    <message>
        <source>Optional: label maps to compare with</source>
        <translation>可选：用于比较的标签图</translation>
    </message>
    <message>
        <source>Export CSV…</source>
        <translation>导出 CSV…</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>References</source>
        <translation>参考</translation>
    </message>
    <message>
        <source>Looking through the list</source>
        <translation>正在查看列表</translation>
    </message>
    <message>
        <source>Folder of scans</source>
        <translation>扫描文件夹</translation>
    </message>
    <message>
        <source>{done} of {count} series have a result: {path}</source>
        <translation>{count} 个序列中有 {done} 个已有结果：{path}</translation>
    </message>
    <message>
        <source>Running {model} on {count} series</source>
        <translation>正在 {count} 个序列上运行 {model}</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>{ticked} of {count} ticked</source>
        <translation>已勾选 {ticked} / {count}</translation>
    </message>
    <message>
        <source>Tick the series to run on.</source>
        <translation>请勾选要运行的序列。</translation>
    </message>
    <message>
        <source>Choose a folder for the results.</source>
        <translation>请选择结果文件夹。</translation>
    </message>
    <message>
        <source>This folder holds results already: what fits is not run again.</source>
        <translation>此文件夹中已有结果：相符的不会再次运行。</translation>
    </message>
    <message>
        <source>Series and results</source>
        <translation>序列和结果</translation>
    </message>
    <message>
        <source>{label}, ml</source>
        <translation>{label}，ml</translation>
    </message>
    <message>
        <source>{label}, Dice</source>
        <translation>{label}，Dice</translation>
    </message>
    <message>
        <source>Opening a result</source>
        <translation>正在打开结果</translation>
    </message>
    <message>
        <source>Table (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Exporting</source>
        <translation>正在导出</translation>
    </message>
    <message>
        <source>Saved: {path}</source>
        <translation>已保存：{path}</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Asked: {model}; a bit is full doubt between two.</source>
        <translation>询问了：{model}；1 比特即两者之间完全不确定。</translation>
    </message>
    <message>
        <source>Another patient, none confirmed yet</source>
        <translation>另一位患者，尚未确认任何层面</translation>
    </message>
    <message>
        <source>Another scan, none confirmed yet</source>
        <translation>另一个扫描，尚未确认任何层面</translation>
    </message>
    <message>
        <source>Nothing of this patient is confirmed</source>
        <translation>该患者尚无已确认的层面</translation>
    </message>
    <message>
        <source>Another series of a patient who is begun</source>
        <translation>已开始标注的患者的另一个序列</translation>
    </message>
    <message>
        <source>Unlike the other slices of this series</source>
        <translation>与该序列的其他层面不同</translation>
    </message>
    <message>
        <source>{first}; model rather sure</source>
        <translation>{first}；模型较有把握</translation>
    </message>
    <message>
        <source>{first}; model unsure of {label} (entropy {bits:.2f} bit)</source>
        <translation>{first}；模型对{label}不确定（熵 {bits:.2f} 比特）</translation>
    </message>
    <message>
        <source>No model was asked: chosen by how unlike slices are, other patients first.</source>
        <translation>未询问模型：按层面的差异程度选择，其他患者优先。</translation>
    </message>
    <message>
        <source>this series</source>
        <translation>本序列</translation>
    </message>
    <message>
        <source>All that runs or waits; choose what to cancel</source>
        <translation>所有正在运行或等待的任务；选择要取消的任务</translation>
    </message>
    <message>
        <source>What the last model really ran on, as the engine reports it</source>
        <translation>上一个模型实际运行所用的设备，由推理引擎报告</translation>
    </message>
    <message>
        <source>Saving…</source>
        <translation>正在保存…</translation>
    </message>
    <message>
        <source>The disk is slow: your last changes are not written yet</source>
        <translation>磁盘较慢：最近的更改尚未写入</translation>
    </message>
    <message>
        <source>Cancel: {title}</source>
        <translation>取消：{title}</translation>
    </message>
    <message>
        <source>Cancel what waits: {title}</source>
        <translation>取消等待中的任务：{title}</translation>
    </message>
    <message>
        <source>Cancel all</source>
        <translation>全部取消</translation>
    </message>
    <message>
        <source>{model} proposes the hatched labels. Nothing is changed yet.</source>
        <translation>{model} 以斜线显示其分割建议，尚未作任何更改。</translation>
    </message>
    <message>
        <source>AI on {device}</source>
        <translation>AI 运行于 {device}</translation>
    </message>
    <message>
        <source>No model has proposed anything</source>
        <translation>没有模型给出分割建议</translation>
    </message>
    <message>
        <source>Still being read</source>
        <translation>仍在读取</translation>
    </message>
    <message>
        <source>The chosen model does not fit this series</source>
        <translation>所选模型不适用于此序列</translation>
    </message>
    <message>
        <source>Draw a path first</source>
        <translation>请先绘制路径</translation>
    </message>
    <message>
        <source>This series has no three planes to turn</source>
        <translation>此序列没有可旋转的三个平面</translation>
    </message>
    <message>
        <source>The active pane shows no slice: click one</source>
        <translation>当前窗格不显示切片：请点击一个切片窗格</translation>
    </message>
    <message>
        <source>The planes are those of the scan</source>
        <translation>已是扫描平面</translation>
    </message>
    <message>
        <source>No slice is marked as a key image</source>
        <translation>没有标为关键图像的层面</translation>
    </message>
    <message>
        <source>No measurement is selected</source>
        <translation>未选择测量</translation>
    </message>
    <message>
        <source>This series is a regular grid already, or cannot be made one</source>
        <translation>此序列已是规则网格，或无法重采样为规则网格</translation>
    </message>
    <message>
        <source>Colours have no window to choose</source>
        <translation>彩色图像不能调窗</translation>
    </message>
    <message>
        <source>{count} more…</source>
        <translation>其他 {count} 个…</translation>
    </message>
    <message>
        <source>None yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Where are the images now?</source>
        <translation>影像现在在哪里？</translation>
    </message>
    <message>
        <source>1 of 1 file was left out.</source>
        <translation>1 个文件中有 1 个未载入。</translation>
    </message>
    <message>
        <source>1 of {total:,} files was left out.</source>
        <translation>{total:,} 个文件中有 1 个未载入。</translation>
    </message>
    <message>
        <source>{count:,} of {total:,} files were left out.</source>
        <translation>{total:,} 个文件中有 {count:,} 个未载入。</translation>
    </message>
    <message>
        <source>{count} series found: double click one to open it</source>
        <translation>找到 {count} 个序列：双击即可打开</translation>
    </message>
    <message>
        <source>{title}: {text}</source>
        <translation>{title}：{text}</translation>
    </message>
    <message>
        <source>Open a folder of images</source>
        <translation>打开影像文件夹</translation>
    </message>
    <message>
        <source>Open images</source>
        <translation>打开影像</translation>
    </message>
    <message>
        <source>Window preset</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>Recent study</source>
        <translation>最近的检查</translation>
    </message>
    <message>
        <source>The picture was copied with the patient&apos;s name.</source>
        <translation>图像已复制，含患者姓名。</translation>
    </message>
    <message>
        <source>The picture was copied without the patient&apos;s name.</source>
        <translation>图像已复制，不含患者姓名。</translation>
    </message>
    <message>
        <source>The key images were written to {folder}</source>
        <translation>关键图像已保存到 {folder}</translation>
    </message>
    <message>
        <source>{name} was written to {folder}</source>
        <translation>{name} 已保存到 {folder}</translation>
    </message>
    <message>
        <source>There is no such finding: write it into the list of findings</source>
        <translation>没有此所见：请先写入所见列表</translation>
    </message>
    <message>
        <source>{name} is not answered any longer</source>
        <translation>{name} 的回答已撤回</translation>
    </message>
    <message>
        <source>Answers as a table (*.csv)</source>
        <translation>回答表格 (*.csv)</translation>
    </message>
    <message>
        <source>Answers as a table, with the names of files (*.csv)</source>
        <translation>回答表格，含文件名 (*.csv)</translation>
    </message>
    <message>
        <source>Answers and boxes as JSON (*.json)</source>
        <translation>回答和边界框 JSON (*.json)</translation>
    </message>
    <message>
        <source>Answers and boxes as JSON, with the names of files (*.json)</source>
        <translation>回答和边界框 JSON，含文件名 (*.json)</translation>
    </message>
    <message>
        <source>All series that are listed below are answered</source>
        <translation>列表中其后的所有序列都已回答</translation>
    </message>
    <message>
        <source>The next series is still being read: nothing was answered</source>
        <translation>下一个序列仍在读取：没有记录回答</translation>
    </message>
    <message>
        <source>{name}: yes</source>
        <translation>{name}：是</translation>
    </message>
    <message>
        <source>{name}: no</source>
        <translation>{name}：否</translation>
    </message>
    <message>
        <source>No to the rest</source>
        <translation>其余为否</translation>
    </message>
    <message>
        <source>Answers with no what is not answered yet of this slice</source>
        <translation>对本层尚未回答的所见回答“否”</translation>
    </message>
    <message>
        <source>Next slice or series to answer</source>
        <translation>下一个待回答的层面或序列</translation>
    </message>
    <message>
        <source>Findings…</source>
        <translation>所见…</translation>
    </message>
    <message>
        <source>Export findings and boxes…</source>
        <translation>导出所见和边界框…</translation>
    </message>
    <message>
        <source>The answers of all series as training data, as a table, or as JSON with all boxes</source>
        <translation>将所有序列的回答作为训练数据导出：表格，或含所有边界框的 JSON</translation>
    </message>
    <message>
        <source>That was the last series of the list</source>
        <translation>已到列表的尽头</translation>
    </message>
    <message>
        <source>No to {count} findings</source>
        <translation>{count} 项所见已回答“否”</translation>
    </message>
    <message>
        <source>All answered.</source>
        <translation>已全部回答。</translation>
    </message>
    <message>
        <source>1 answer</source>
        <translation>1 个回答</translation>
    </message>
    <message>
        <source>{count} answers</source>
        <translation>{count} 个回答</translation>
    </message>
    <message>
        <source>1 box</source>
        <translation>1 个框</translation>
    </message>
    <message>
        <source>{count} boxes</source>
        <translation>{count} 个框</translation>
    </message>
    <message>
        <source>Saved {name}, read back and compared: {counts}</source>
        <translation>已保存 {name}，并已读回核对：{counts}</translation>
    </message>
    <message>
        <source>; 1 box on an oblique plane was left out</source>
        <translation>；1 个位于斜面上的框未写入</translation>
    </message>
    <message>
        <source>; {count} boxes on oblique planes were left out</source>
        <translation>；斜面上的 {count} 个边界框未导出</translation>
    </message>
    <message>
        <source>Export findings and boxes</source>
        <translation>导出所见和边界框</translation>
    </message>
    <message>
        <source>Yes to finding {number}</source>
        <translation>所见 {number}：是</translation>
    </message>
    <message>
        <source>No to finding {number}</source>
        <translation>所见 {number}：否</translation>
    </message>
    <message>
        <source>Show or hide the heat map</source>
        <translation>显示或隐藏热图</translation>
    </message>
    <message>
        <source>Add a model…</source>
        <translation>添加模型…</translation>
    </message>
    <message>
        <source>Use a model of others: an ONNX file, a MONAI bundle or an nnU-Net model</source>
        <translation>使用他人的模型：ONNX 文件、MONAI bundle 或 nnU-Net 模型</translation>
    </message>
    <message>
        <source>About Slicewise</source>
        <translation>关于 Slicewise</translation>
    </message>
    <message>
        <source>A radiology viewer whose AI models learn from the slices you correct.</source>
        <translation>放射影像浏览器，其 AI 模型从您修正的层面中学习。</translation>
    </message>
    <message>
        <source>Your last changes could not be saved yet, for want of space perhaps. Closing loses them.</source>
        <translation>您最近的更改尚未保存，可能是磁盘空间不足。关闭将丢失这些更改。</translation>
    </message>
    <message>
        <source>A training is not done. It can go on without the window and is shown when you open Slicewise again.</source>
        <translation>训练尚未完成。关闭窗口后训练可以继续，下次打开 Slicewise 时会再次显示。</translation>
    </message>
    <message>
        <source>Let it go on</source>
        <translation>让其继续</translation>
    </message>
    <message>
        <source>Stop it and compare</source>
        <translation>停止并比较</translation>
    </message>
    <message>
        <source>{warning} Close nevertheless?</source>
        <translation>{warning}仍要关闭吗？</translation>
    </message>
    <message>
        <source>Files that were left out</source>
        <translation>未载入的文件</translation>
    </message>
    <message>
        <source>and {count:,} more</source>
        <translation>以及另外 {count:,} 个</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Key image: {plane} {number}</source>
        <translation>关键图像：{plane} {number}</translation>
    </message>
    <message>
        <source>Cobb</source>
        <translation>Cobb 角</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>灰度曲线</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>方框</translation>
    </message>
    <message>
        <source>mm² at detector</source>
        <translation>mm²（探测器）</translation>
    </message>
    <message>
        <source>  SD {sd}</source>
        <translation>  标准差 {sd}</translation>
    </message>
    <message>
        <source>Mean {mean}{sd}{unit}</source>
        <translation>平均 {mean}{sd}{unit}</translation>
    </message>
    <message>
        <source>Min {low}  Max {high}{unit}</source>
        <translation>最小 {low}  最大 {high}{unit}</translation>
    </message>
    <message>
        <source>SUV mean {mean:.2f}  max {peak:.2f}</source>
        <translation>SUV 平均 {mean:.2f}  最大 {peak:.2f}</translation>
    </message>
    <message>
        <source>No values inside</source>
        <translation>区域内没有数值</translation>
    </message>
    <message>
        <source>Area {area}{count}</source>
        <translation>面积 {area}{count}</translation>
    </message>
    <message>
        <source>, corrected by hand</source>
        <translation>，已手动修正</translation>
    </message>
    <message>
        <source>, accepted</source>
        <translation>，已接受</translation>
    </message>
    <message>
        <source>{device}, {seconds:.1f} s, {made}</source>
        <translation>{device}，{seconds:.1f} 秒，{made}</translation>
    </message>
    <message>
        <source>mean SUV {mean:.2f}</source>
        <translation>平均 SUV {mean:.2f}</translation>
    </message>
    <message>
        <source>mean {mean} {unit}</source>
        <translation>平均 {mean} {unit}</translation>
    </message>
    <message>
        <source>No value</source>
        <translation>无数值</translation>
    </message>
    <message>
        <source>Ax</source>
        <translation>轴</translation>
    </message>
    <message>
        <source>Cor</source>
        <translation>冠</translation>
    </message>
    <message>
        <source>Sag</source>
        <translation>矢</translation>
    </message>
    <message>
        <source>Normal structure</source>
        <translation>正常结构</translation>
    </message>
    <message>
        <source>Artefact</source>
        <translation>伪影</translation>
    </message>
    <message>
        <source>Wrong label</source>
        <translation>标签有误</translation>
    </message>
    <message>
        <source>Found twice</source>
        <translation>重复找到</translation>
    </message>
    <message>
        <source>{AI/Next box} the next, {AI/Previous box} the previous one, {AI/Accept the box} accepts, {AI/Reject the box} rejects. An accepted box is yours: drag its corners, {Labels/Undo} takes it back.</source>
        <translation>{AI/Next box} 下一个，{AI/Previous box} 上一个，{AI/Accept the box} 接受，{AI/Reject the box} 拒绝。接受后的方框归您所有：可拖动其角，{Labels/Undo} 撤回。</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>评分</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>判定</translation>
    </message>
    <message>
        <source>Proposed boxes</source>
        <translation>建议的方框</translation>
    </message>
    <message>
        <source>Lowest score that is shown</source>
        <translation>所显示的最低评分</translation>
    </message>
    <message>
        <source>The arrow offers reasons</source>
        <translation>箭头处可选择理由</translation>
    </message>
    <message>
        <source>Accept all shown</source>
        <translation>接受所有显示的</translation>
    </message>
    <message>
        <source>Drop the list</source>
        <translation>放弃列表</translation>
    </message>
    <message>
        <source>What you accepted stays; running the model again brings the rest back</source>
        <translation>已接受的会保留；再次运行模型可找回其余的</translation>
    </message>
    <message>
        <source>Next box</source>
        <translation>下一个方框</translation>
    </message>
    <message>
        <source>Previous box</source>
        <translation>上一个方框</translation>
    </message>
    <message>
        <source>Accept the box</source>
        <translation>接受方框</translation>
    </message>
    <message>
        <source>Reject the box</source>
        <translation>拒绝方框</translation>
    </message>
    <message>
        <source>Accept all boxes that are shown</source>
        <translation>接受所有显示的方框</translation>
    </message>
    <message>
        <source>Score by label</source>
        <translation>评分按标签而定</translation>
    </message>
    <message>
        <source>Score from {score:.2f}</source>
        <translation>评分不低于 {score:.2f}</translation>
    </message>
    <message>
        <source>Each label begins at the threshold of its own</source>
        <translation>每个标签从其自身的阈值开始</translation>
    </message>
    <message>
        <source>{waiting} wait for you, {accepted} accepted, {rejected} rejected; {below} have a lower score.</source>
        <translation>{waiting} 个待您判断，{accepted} 个已接受，{rejected} 个已拒绝；{below} 个评分较低。</translation>
    </message>
    <message>
        <source>Nothing was found with a score of {score:.2f} or more.</source>
        <translation>没有找到评分不低于 {score:.2f} 的方框。</translation>
    </message>
    <message>
        <source>{model}, {seconds:.1f} s</source>
        <translation>{model}，{seconds:.1f} 秒</translation>
    </message>
    <message>
        <source>accepted</source>
        <translation>已接受</translation>
    </message>
    <message>
        <source>rejected: {reason}</source>
        <translation>已拒绝：{reason}</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>Bring back</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Accept all shown ({count})</source>
        <translation>接受所有显示的（{count}）</translation>
    </message>
    <message>
        <source>No model has proposed boxes</source>
        <translation>没有模型建议过方框</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>Draw on a picture: {Measuring/Length} length, {Measuring/Angle} angle, {Measuring/Ellipse} ellipse, {Measuring/Freehand} freehand; the other tools are in the menu Measure.</source>
        <translation>在图像上绘制：{Measuring/Length} 长度，{Measuring/Angle} 角度，{Measuring/Ellipse} 椭圆，{Measuring/Freehand} 手绘区域；其他工具在“测量”菜单中。</translation>
    </message>
    <message>
        <source>Measurements</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Export CSV</source>
        <translation>导出 CSV</translation>
    </message>
    <message>
        <source>Measurements alone…</source>
        <translation>仅测量…</translation>
    </message>
    <message>
        <source>With the series&apos; description…</source>
        <translation>含序列描述…</translation>
    </message>
    <message>
        <source>The measurements and the sizes of labels as a table; never with the patient&apos;s name</source>
        <translation>以表格导出测量和标签大小；绝不含患者姓名</translation>
    </message>
    <message>
        <source>Oblique</source>
        <translation>斜切面</translation>
    </message>
    <message>
        <source>Several</source>
        <translation>多层</translation>
    </message>
    <message>
        <source>Export measurements</source>
        <translation>导出测量</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Saved {path}</source>
        <translation>已保存 {path}</translation>
    </message>
    <message>
        <source>&lt;b&gt;Profile&lt;/b&gt;: values{unit} along {length_unit}</source>
        <translation>&lt;b&gt;灰度曲线&lt;/b&gt;：数值{unit}，沿线 {length_unit}</translation>
    </message>
    <message>
        <source>&lt;b&gt;Histogram&lt;/b&gt;: voxels over values{unit}</source>
        <translation>&lt;b&gt;直方图&lt;/b&gt;：体素数随数值{unit}的分布</translation>
    </message>
    <message>
        <source>Nothing was drawn: begin on the picture, not beside it</source>
        <translation>未绘制：请在图像上开始，而不是在图像之外</translation>
    </message>
    <message>
        <source>Nothing was drawn: the shape is too small</source>
        <translation>未绘制：形状太小</translation>
    </message>
    <message>
        <source>Nothing was drawn: the shape has too few points</source>
        <translation>未绘制：形状的点太少</translation>
    </message>
    <message>
        <source>Text of the measurement</source>
        <translation>测量文字</translation>
    </message>
    <message>
        <source>Fits this series</source>
        <translation>适合该序列</translation>
    </message>
    <message>
        <source>Fits with doubts</source>
        <translation>适合，但有疑问</translation>
    </message>
    <message>
        <source>Should not run on this series</source>
        <translation>不应在该序列上运行</translation>
    </message>
    <message>
        <source>Cannot run on this series</source>
        <translation>无法在该序列上运行</translation>
    </message>
    <message>
        <source>Run the model though it should not; you are asked first, and the result says so</source>
        <translation>尽管不应运行，仍运行该模型；会先询问您，结果中会注明</translation>
    </message>
    <message>
        <source>Classify</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Detect</source>
        <translation>检测</translation>
    </message>
    <message>
        <source>Enhance</source>
        <translation>增强</translation>
    </message>
    <message>
        <source>Translate</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>It runs on this series, or waits for its turn after another model</source>
        <translation>正在此序列上运行，或在另一个模型之后等待</translation>
    </message>
    <message>
        <source>Run the model in the background; the result waits for you as a proposal</source>
        <translation>在后台运行模型；结果作为分割建议等待您处理</translation>
    </message>
    <message>
        <source>Mirror for certainty ({n} × the time)</source>
        <translation>用镜像估计把握（耗时 {n} 倍）</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>About this model…</source>
        <translation>关于此模型…</translation>
    </message>
    <message>
        <source>Proposal</source>
        <translation>分割建议</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Patients</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>{n:+d} annotated slices</source>
        <translation>已标注层面 {n:+d}</translation>
    </message>
    <message>
        <source>{n:+d} patients</source>
        <translation>患者 {n:+d}</translation>
    </message>
    <message>
        <source>{n:+d} unlabelled slices</source>
        <translation>未标注层面 {n:+d}</translation>
    </message>
    <message>
        <source>History of {model}</source>
        <translation>{model} 的历史</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Your note on this version; it stays on this machine</source>
        <translation>您对该版本的备注；仅保存在本机</translation>
    </message>
    <message>
        <source>Use this version</source>
        <translation>使用该版本</translation>
    </message>
    <message>
        <source>Roll back</source>
        <translation>恢复旧版本</translation>
    </message>
    <message>
        <source>Use the version that was active before; nothing is deleted</source>
        <translation>改用之前使用的版本，不会删除任何内容</translation>
    </message>
    <message>
        <source>Save this version as one file, for another machine</source>
        <translation>将该版本保存为一个文件，用于其他计算机</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Add a version that was exported elsewhere; its file is checked first</source>
        <translation>添加在别处导出的版本；会先检查其文件</translation>
    </message>
    <message>
        <source>It was trained from nothing.</source>
        <translation>从零开始训练。</translation>
    </message>
    <message>
        <source>It came as it is.</source>
        <translation>随软件提供或直接添加。</translation>
    </message>
    <message>
        <source>Trained from {name} {version}.</source>
        <translation>由 {name} {version} 训练而来。</translation>
    </message>
    <message>
        <source>The version of that number here is another one than it was trained from.</source>
        <translation>本机上该版本号的模型与其训练来源不同。</translation>
    </message>
    <message>
        <source>Training data against its parent: {list}.</source>
        <translation>与来源版本相比的训练数据：{list}。</translation>
    </message>
    <message>
        <source>{n} held-out patients</source>
        <translation>{n} 名留出患者</translation>
    </message>
    <message>
        <source>{n} held-out slices; not verified on other patients</source>
        <translation>{n} 个留出层面；未在其他患者上验证</translation>
    </message>
    <message>
        <source>Measured on {what}.</source>
        <translation>测量于{what}。</translation>
    </message>
    <message>
        <source>The note could not be kept ({reason}).</source>
        <translation>无法保存备注（{reason}）。</translation>
    </message>
    <message>
        <source>Models (*{ending})</source>
        <translation>模型 (*{ending})</translation>
    </message>
    <message>
        <source>Export a version</source>
        <translation>导出版本</translation>
    </message>
    <message>
        <source>{version} is saved as {file}.</source>
        <translation>{version} 已保存为 {file}。</translation>
    </message>
    <message>
        <source>Import a version</source>
        <translation>导入版本</translation>
    </message>
    <message>
        <source>{name} {version} is here now; it is not in use yet.</source>
        <translation>{name} {version} 已导入；尚未使用。</translation>
    </message>
    <message>
        <source>{reasons}

Run it all the same? What it proposes, and exports of it, will say that you did.</source>
        <translation>{reasons}

仍要运行吗？其建议及导出内容都会注明这一点。</translation>
    </message>
    <message>
        <source>No model is installed.</source>
        <translation>未安装模型。</translation>
    </message>
    <message>
        <source>The model also sees mirror images, and its answer is the mean: where they disagree it is less sure</source>
        <translation>模型也会查看镜像图像，其答案取平均值：结果不一致之处把握较小</translation>
    </message>
    <message>
        <source>History…</source>
        <translation>历史…</translation>
    </message>
    <message>
        <source>Which version was trained from which, how well each did; export and import</source>
        <translation>各版本的训练来源与表现；导出和导入</translation>
    </message>
    <message>
        <source>Version {version}</source>
        <translation>版本 {version}</translation>
    </message>
    <message>
        <source>Brought by hand: nobody has measured what it does here.</source>
        <translation>手动添加：无人在此测量过它的效果。</translation>
    </message>
    <message>
        <source>trained here, {date}</source>
        <translation>在本机训练，{date}</translation>
    </message>
    <message>
        <source>unverified, {date}</source>
        <translation>未经验证，{date}</translation>
    </message>
    <message>
        <source>shipped</source>
        <translation>随软件提供</translation>
    </message>
    <message>
        <source>, in use</source>
        <translation>，使用中</translation>
    </message>
    <message>
        <source>Double click to use this version</source>
        <translation>双击以使用此版本</translation>
    </message>
    <message>
        <source>Open a series first.</source>
        <translation>请先打开一个序列。</translation>
    </message>
    <message>
        <source>Modality, geometry, orientation, spacing and values are right.</source>
        <translation>模态、几何、方向、间距和数值均符合。</translation>
    </message>
    <message>
        <source>Run anyway…</source>
        <translation>仍要运行…</translation>
    </message>
    <message>
        <source>Time, memory and device: not known yet</source>
        <translation>时间、内存和设备：尚未知</translation>
    </message>
    <message>
        <source>About {time}, {memory:.1f} GB of memory, on {device}</source>
        <translation>约 {time}，内存 {memory:.1f} GB，使用 {device}</translation>
    </message>
    <message>
        <source>{model} ({hash}), {made}, on {device}, {seconds:.0f} s. Accepting keeps every voxel that you drew or confirmed, and can be undone.</source>
        <translation>{model}（{hash}），{made}，在 {device} 上，{seconds:.0f} 秒。接受时保留您绘制或确认过的每个体素，并且可以撤销。</translation>
    </message>
    <message>
        <source>Then: {models}</source>
        <translation>之后：{models}</translation>
    </message>
    <message>
        <source>{n:.0f} s</source>
        <translation>{n:.0f} 秒</translation>
    </message>
    <message>
        <source>{n:.0f} min</source>
        <translation>{n:.0f} 分钟</translation>
    </message>
    <message>
        <source>Not for diagnostic use</source>
        <translation>非诊断用途</translation>
    </message>
    <message>
        <source>{mm:g} mm from its {other}</source>
        <translation>与其 {other} 相差 {mm:g} mm</translation>
    </message>
    <message>
        <source>another voxel size by its {other}</source>
        <translation>按其 {other}，体素大小不同</translation>
    </message>
    <message>
        <source>Not for diagnosis</source>
        <translation>非诊断用途</translation>
    </message>
    <message>
        <source>Not for Dx</source>
        <translation>非诊断</translation>
    </message>
    <message>
        <source>Axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>正在载入…</translation>
    </message>
    <message>
        <source>Resample…</source>
        <translation>重采样…</translation>
    </message>
    <message>
        <source>Values between the slices are interpolated. The scan itself stays as it is.</source>
        <translation>层面之间的数值通过插值得到，原始扫描保持不变。</translation>
    </message>
    <message>
        <source>Only one plane: {reason}</source>
        <translation>仅有一个平面：{reason}</translation>
    </message>
    <message>
        <source>The slices make no volume. {reason} Other planes and 3-D need a regular grid.</source>
        <translation>这些层面不能构成容积数据。{reason}其他平面和三维显示需要规则网格。</translation>
    </message>
    <message>
        <source>Moment</source>
        <translation>时相</translation>
    </message>
    <message>
        <source>This series has nothing to play</source>
        <translation>此序列没有可播放的内容</translation>
    </message>
    <message>
        <source>A person has said that the cross-hairs of these series were at the same place. From there they go by the same number of millimetres; how the patient lay is not taken into account.</source>
        <translation>有人指定这些序列的十字线位于同一位置。此后各序列移动相同的毫米数，未考虑患者体位。</translation>
    </message>
    <message>
        <source>These files have the same grid and no frame of reference, so the same voxels are taken for the same place. Of whom they are the files do not say.</source>
        <translation>这些文件网格相同且没有参考坐标系，因此相同的体素视为同一位置。文件未说明属于哪位患者。</translation>
    </message>
    <message>
        <source>The series beside each other are not of one patient, or their files tell the name or the ID differently.</source>
        <translation>并排的序列不属于同一患者，或各文件中的姓名或 ID 不一致。</translation>
    </message>
    <message>
        <source>The files of this series name no patient, by name or ID, and those of a series beside it do. Nothing says that both are of one patient.</source>
        <translation>该序列的文件中没有患者姓名和编号，而旁边序列的文件中有。无法确定两者属于同一患者。</translation>
    </message>
    <message>
        <source>Drop a series here</source>
        <translation>将序列拖放到此处</translation>
    </message>
    <message>
        <source>⚠ Different patients</source>
        <translation>⚠ 患者不同</translation>
    </message>
    <message>
        <source>⚠ Patient not known</source>
        <translation>⚠ 患者不明</translation>
    </message>
    <message>
        <source>Linked by hand</source>
        <translation>人工同步</translation>
    </message>
    <message>
        <source>Same grid</source>
        <translation>网格相同</translation>
    </message>
    <message>
        <source>{plane} view</source>
        <translation>{plane}视图</translation>
    </message>
    <message>
        <source>Single slices</source>
        <translation>单层</translation>
    </message>
    <message>
        <source>Maximum intensity (MIP)</source>
        <translation>最大密度投影（MIP）</translation>
    </message>
    <message>
        <source>Minimum intensity (MinIP)</source>
        <translation>最小密度投影（MinIP）</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>A single image has no {plane} view.</source>
        <translation>单幅图像没有{plane}视图。</translation>
    </message>
    <message>
        <source>Refining</source>
        <translation>正在细化</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Tilted gantry</source>
        <translation>机架倾斜</translation>
    </message>
    <message>
        <source>Uneven slice spacing</source>
        <translation>层间距不均匀</translation>
    </message>
    <message>
        <source>Missing slices</source>
        <translation>层面缺失</translation>
    </message>
    <message>
        <source>Duplicate slices</source>
        <translation>层面重复</translation>
    </message>
    <message>
        <source>Mixed orientations or sizes</source>
        <translation>方向或大小不一</translation>
    </message>
    <message>
        <source>Slice positions unknown</source>
        <translation>层面位置未知</translation>
    </message>
    <message>
        <source>One of two places</source>
        <translation>两个位置之一</translation>
    </message>
    <message>
        <source>Sizes are those on the detector (ImagerPixelSpacing). In the patient they are smaller, by the magnification.</source>
        <translation>尺寸为探测器平面上的尺寸（ImagerPixelSpacing）。因放大效应，患者体内的实际尺寸较小。</translation>
    </message>
    <message>
        <source>The file gives no size of a pixel, so nothing is measured in millimetres.</source>
        <translation>文件未给出像素大小，因此不能以毫米测量。</translation>
    </message>
    <message>
        <source>The scale is that of the ultrasound region, not of the whole picture.</source>
        <translation>标尺仅适用于超声区域，不适用于整幅图像。</translation>
    </message>
    <message>
        <source>The ultrasound regions of the picture have different scales, so there is none for all of it.</source>
        <translation>图像中各超声区域的标尺不同，因此没有适用于整幅图像的标尺。</translation>
    </message>
    <message>
        <source>The pictures were compressed with loss: fine detail may be missing or altered.</source>
        <translation>图像经过有损压缩：细节可能缺失或改变。</translation>
    </message>
    <message>
        <source>The picture is seen as in a mirror. The letters at its edges are right; writing in the picture is reversed. {Display/Reset view} ends it.</source>
        <translation>图像为镜像显示。边缘的方位字母正确，图像中的文字是反的。按 {Display/Reset view} 恢复。</translation>
    </message>
    <message>
        <source>The patient&apos;s left is on the left of the screen, as if seen from above or behind. Radiologists are used to it the other way round. {Display/Neurological convention: patient&apos;s left on the left} ends it.</source>
        <translation>患者左侧在屏幕左侧，如同从上方或后方观察。放射科医生通常习惯相反的方位。按 {Display/Neurological convention: patient&apos;s left on the left} 关闭。</translation>
    </message>
    <message>
        <source>Several slices are seen as one. Labels and the cross-hair belong to the middle slice; no value is written, as what is seen may come from any of them. Shift + wheel, {Display/Thicker slab} and {Display/Thinner slab} change the thickness; {Display/Slab: MIP, MinIP, mean, single slices} shows the next kind, and single slices again.</source>
        <translation>多个层面合并显示。标签和十字线属于中间层面；所见可能来自其中任一层，因此不显示像素值。Shift + 滚轮、{Display/Thicker slab}、{Display/Thinner slab} 调整厚度；按 {Display/Slab: MIP, MinIP, mean, single slices} 切换下一种方式，或恢复单层。</translation>
    </message>
    <message>
        <source>The plane cuts across the slices of the scan, and what is seen is interpolated between voxels; values under the mouse, of probes and of regions are those of stored voxels. Drag a handle of a line to turn the planes, with Shift in steps of 5°. {Display/Reset view}, or a double click on a handle, sets them along the scan again. The brush draws on the voxels that the plane passes through.</source>
        <translation>此平面与扫描层面斜交，所见为体素间的插值；鼠标处、像素值和区域的数值均取自存储体素。拖动定位线上的控制点可旋转平面，按住 Shift 时每步 5°。按 {Display/Reset view} 或双击控制点恢复到扫描平面。画笔绘制此平面穿过的体素。</translation>
    </message>
    <message>
        <source>What a model made of the series is seen, in part or whole. Values under the mouse, measurements and labels are those of the original. {AI/Original while the key is held} compares the two.</source>
        <translation>所见图像部分或全部由模型生成。鼠标处的数值、测量和标签均属于原图。{AI/Original while the key is held} 可对比两者。</translation>
    </message>
    <message>
        <source>Saved as colours, all of which are grey: shown as grey values.</source>
        <translation>保存为彩色，但所有像素均为灰度：按灰度值显示。</translation>
    </message>
    <message>
        <source>⚠ Synthetic</source>
        <translation>⚠ 合成</translation>
    </message>
    <message>
        <source>Derived</source>
        <translation>衍生</translation>
    </message>
    <message>
        <source>AI picture: {model}</source>
        <translation>AI 图像：{model}</translation>
    </message>
    <message>
        <source> (hidden)</source>
        <translation>（已隐藏）</translation>
    </message>
    <message>
        <source>{value} (original)</source>
        <translation>{value}（原图）</translation>
    </message>
    <message>
        <source>{value} (synthetic)</source>
        <translation>{value}（合成）</translation>
    </message>
    <message>
        <source>AI proposal: {model}{hidden}</source>
        <translation>AI 分割建议：{model}{hidden}</translation>
    </message>
    <message>
        <source>AI boxes: {model}{hidden}</source>
        <translation>AI 方框：{model}{hidden}</translation>
    </message>
    <message>
        <source>Frames over time</source>
        <translation>时间序列帧</translation>
    </message>
    <message>
        <source>resample…</source>
        <translation>重采样…</translation>
    </message>
    <message>
        <source>⚠ Not whole</source>
        <translation>⚠ 不完整</translation>
    </message>
    <message>
        <source>Resampled</source>
        <translation>已重采样</translation>
    </message>
    <message>
        <source>Uncalibrated</source>
        <translation>未校准</translation>
    </message>
    <message>
        <source>At detector</source>
        <translation>探测器平面</translation>
    </message>
    <message>
        <source>US region scale</source>
        <translation>超声区域标尺</translation>
    </message>
    <message>
        <source>Lossy compression</source>
        <translation>有损压缩</translation>
    </message>
    <message>
        <source>{count} notes</source>
        <translation>{count} 条说明</translation>
    </message>
    <message>
        <source>1 note</source>
        <translation>1 条说明</translation>
    </message>
    <message>
        <source>Read only</source>
        <translation>只读</translation>
    </message>
    <message>
        <source>⚠ Mirrored</source>
        <translation>⚠ 镜像</translation>
    </message>
    <message>
        <source>Turned {degrees}°</source>
        <translation>旋转 {degrees}°</translation>
    </message>
    <message>
        <source>★ Key image</source>
        <translation>★ 关键图像</translation>
    </message>
    <message>
        <source>✓ Confirmed</source>
        <translation>✓ 已确认</translation>
    </message>
    <message>
        <source>✓ Nothing here</source>
        <translation>✓ 无内容</translation>
    </message>
    <message>
        <source>{kind} {count} slices</source>
        <translation>{kind} {count} 层</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>AI labels: {model}</source>
        <translation>AI 标签：{model}</translation>
    </message>
    <message>
        <source>Zoom {percent:.0f} %</source>
        <translation>缩放 {percent:.0f} %</translation>
    </message>
    <message>
        <source>Not smoothed</source>
        <translation>未平滑</translation>
    </message>
    <message>
        <source>A colour for each value</source>
        <translation>每个值一种颜色</translation>
    </message>
    <message>
        <source>Window: the file&apos;s table</source>
        <translation>窗：文件自带查找表</translation>
    </message>
    <message>
        <source>File&apos;s table</source>
        <translation>文件的表</translation>
    </message>
    <message>
        <source> sigmoid</source>
        <translation> S 形</translation>
    </message>
    <message>
        <source>Inverted</source>
        <translation>已反转</translation>
    </message>
    <message>
        <source>Inverted MONOCHROME1</source>
        <translation>已反转 MONOCHROME1</translation>
    </message>
    <message>
        <source>Frame {number} / {count}</source>
        <translation>帧 {number} / {count}</translation>
    </message>
    <message>
        <source>Slice {number} / {count}</source>
        <translation>层 {number} / {count}</translation>
    </message>
    <message>
        <source>Oblique plane</source>
        <translation>斜切面</translation>
    </message>
    <message>
        <source>Reading {n} of {count}</source>
        <translation>正在读取 {n} / {count}</translation>
    </message>
    <message>
        <source> · {mm:.2f} mm apart</source>
        <translation> · 层间距 {mm:.2f} mm</translation>
    </message>
    <message>
        <source>Series {number}</source>
        <translation>序列 {number}</translation>
    </message>
    <message>
        <source>Oblique {degrees}°</source>
        <translation>斜切 {degrees}°</translation>
    </message>
    <message>
        <source>Value: padding</source>
        <translation>值：填充</translation>
    </message>
    <message>
        <source>Value {value} {unit}</source>
        <translation>值 {value} {unit}</translation>
    </message>
    <message>
        <source>Drop a folder or files here,
or press {File/Open folder…}.</source>
        <translation>将文件夹或文件拖放到此处，
或按 {File/Open folder…}。</translation>
    </message>
    <message>
        <source>Nothing in the list matches.</source>
        <translation>列表中没有匹配项。</translation>
    </message>
    <message>
        <source>files not found</source>
        <translation>找不到文件</translation>
    </message>
    <message>
        <source>DICOM segmentation (SEG)</source>
        <translation>DICOM 分割（SEG）</translation>
    </message>
    <message>
        <source>For a PACS and other viewers, with names, colours and codes. A bit for each voxel and label.</source>
        <translation>用于 PACS 和其他查看软件，含名称、颜色和编码。每个体素、每个标签占一位。</translation>
    </message>
    <message>
        <source>DICOM segmentation, as label map</source>
        <translation>DICOM 分割（标签图）</translation>
    </message>
    <message>
        <source>The same in one value a voxel: new in the standard, and few programs read it yet.</source>
        <translation>内容相同，每个体素一个值：标准中新增，目前能读取的程序不多。</translation>
    </message>
    <message>
        <source>DICOM structure set (RTSTRUCT)</source>
        <translation>DICOM 结构集（RTSTRUCT）</translation>
    </message>
    <message>
        <source>For radiotherapy planning: outlines on each slice, along the edges of the voxels.</source>
        <translation>用于放疗计划：每层上沿体素边缘的轮廓。</translation>
    </message>
    <message>
        <source>NRRD, for 3D Slicer</source>
        <translation>NRRD（用于 3D Slicer）</translation>
    </message>
    <message>
        <source>A label map with names, colours and codes as 3D Slicer keeps them; others read its voxels.</source>
        <translation>标签图，名称、颜色和编码按 3D Slicer 的方式保存；其他程序可读取其体素。</translation>
    </message>
    <message>
        <source>NIfTI</source>
        <translation>NIfTI</translation>
    </message>
    <message>
        <source>A label map for research. It has no room for names: they go into a table beside it (JSON).</source>
        <translation>用于研究的标签图。它不能保存名称：名称写入旁边的表格（JSON）。</translation>
    </message>
    <message>
        <source>MetaImage (MHA)</source>
        <translation>MetaImage（MHA）</translation>
    </message>
    <message>
        <source>A label map for ITK programs. It has no room for names: they go into a table beside it (JSON).</source>
        <translation>用于 ITK 程序的标签图。它不能保存名称：名称写入旁边的表格（JSON）。</translation>
    </message>
    <message>
        <source>It belongs to the study: the patient&apos;s name and the study&apos;s data are in it.</source>
        <translation>它属于该检查：其中包含患者姓名和检查数据。</translation>
    </message>
    <message>
        <source>Nothing in it names the patient, unless the names of labels do.</source>
        <translation>其中没有任何患者信息，除非标签名称中含有。</translation>
    </message>
    <message>
        <source>The file is read back and compared voxel by voxel before it is called saved.</source>
        <translation>文件会被重新读取并逐个体素比较，之后才算已保存。</translation>
    </message>
    <message>
        <source>Nothing is labelled yet</source>
        <translation>尚未标注任何内容</translation>
    </message>
    <message>
        <source>Export labels…</source>
        <translation>导出标签…</translation>
    </message>
    <message>
        <source>Saved and read back: {voxels} voxels in 1 label agree. {path}</source>
        <translation>已保存并重新读取核对：1 个标签中的 {voxels} 个体素一致。{path}</translation>
    </message>
    <message>
        <source>Saved and read back: {voxels} voxels in {labels} labels agree. {path}</source>
        <translation>已保存并重新读取：{labels} 个标签共 {voxels} 个体素一致。{path}</translation>
    </message>
    <message>
        <source>Export labels</source>
        <translation>导出标签</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Visible ones</source>
        <translation>可见的</translation>
    </message>
    <message>
        <source>Labels that are nowhere in the scan are passed over.</source>
        <translation>扫描中不存在的标签将被略过。</translation>
    </message>
    <message>
        <source>Any date</source>
        <translation>任意日期</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>Last month</source>
        <translation>最近一月</translation>
    </message>
    <message>
        <source>Last year</source>
        <translation>最近一年</translation>
    </message>
    <message>
        <source>{count:,} time points</source>
        <translation>{count:,} 个时间点</translation>
    </message>
    <message>
        <source>{count:,} phases</source>
        <translation>{count:,} 个时相</translation>
    </message>
    <message>
        <source>{count:,} echoes</source>
        <translation>{count:,} 个回波</translation>
    </message>
    <message>
        <source>{count:,} b-values</source>
        <translation>{count:,} 个 b 值</translation>
    </message>
    <message>
        <source>{count:,} parts</source>
        <translation>{count:,} 个部分</translation>
    </message>
    <message>
        <source>tilted</source>
        <translation>倾斜</translation>
    </message>
    <message>
        <source>uneven spacing</source>
        <translation>间距不均匀</translation>
    </message>
    <message>
        <source>slices missing</source>
        <translation>层面缺失</translation>
    </message>
    <message>
        <source>duplicate slices</source>
        <translation>层面重复</translation>
    </message>
    <message>
        <source>mixed slices</source>
        <translation>层面混杂</translation>
    </message>
    <message>
        <source>no positions</source>
        <translation>无位置信息</translation>
    </message>
    <message>
        <source>one of two places</source>
        <translation>两个位置之一</translation>
    </message>
    <message>
        <source>Segmentation</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Structure set</source>
        <translation>结构集</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Find a patient, study or series</source>
        <translation>查找患者、检查或序列</translation>
    </message>
    <message>
        <source>Show one modality</source>
        <translation>只显示一种设备类型</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>设备类型</translation>
    </message>
    <message>
        <source>Show studies of a time</source>
        <translation>只显示某段时间的检查</translation>
    </message>
    <message>
        <source>Date of the study</source>
        <translation>检查日期</translation>
    </message>
    <message>
        <source>{begun} of {count} series with confirmed slices</source>
        <translation>{count} 个序列中 {begun} 个有已确认的层面</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>全部显示</translation>
    </message>
    <message>
        <source>No name</source>
        <translation>无姓名</translation>
    </message>
    <message>
        <source>… and {count:,} more patients</source>
        <translation>… 还有 {count:,} 位患者</translation>
    </message>
    <message>
        <source>Double click to list more, or type above to find one</source>
        <translation>双击列出更多，或在上方输入以查找</translation>
    </message>
    <message>
        <source>✓ {count} confirmed</source>
        <translation>✓ {count} 个已确认</translation>
    </message>
    <message>
        <source>Double click to open</source>
        <translation>双击打开</translation>
    </message>
    <message>
        <source>Its files are not where they were. Right click to say where they are now.</source>
        <translation>文件已不在原处。单击右键指定其现在的位置。</translation>
    </message>
    <message>
        <source>Looking whether the files are there</source>
        <translation>正在检查文件是否存在</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open beside, to compare</source>
        <translation>并排打开以对比</translation>
    </message>
    <message>
        <source>Lay over the shown series</source>
        <translation>与当前序列融合</translation>
    </message>
    <message>
        <source>Find the folder…</source>
        <translation>查找文件夹…</translation>
    </message>
    <message>
        <source>Take off the list (the files stay)</source>
        <translation>从列表中移除（文件保留）</translation>
    </message>
    <message>
        <source>Taking a series off the list</source>
        <translation>正在从列表中移除序列</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>未命名检查</translation>
    </message>
    <message>
        <source>{kind} · {name}</source>
        <translation>{kind} · {name}</translation>
    </message>
    <message>
        <source>Double click to open the series and import it</source>
        <translation>双击以打开该序列并导入</translation>
    </message>
    <message>
        <source>1 image</source>
        <translation>1 幅图像</translation>
    </message>
    <message>
        <source>{count:,} images</source>
        <translation>{count:,} 幅图像</translation>
    </message>
    <message>
        <source>{count:,} slices</source>
        <translation>{count:,} 层</translation>
    </message>
    <message>
        <source>frames over time</source>
        <translation>时间序列帧</translation>
    </message>
    <message>
        <source>tilted {degrees:.0f}°</source>
        <translation>倾斜 {degrees:.0f}°</translation>
    </message>
    <message>
        <source>1 slice missing</source>
        <translation>缺 1 层</translation>
    </message>
    <message>
        <source>{count} slices missing</source>
        <translation>缺 {count} 层</translation>
    </message>
    <message>
        <source>STL, binary</source>
        <translation>STL，二进制</translation>
    </message>
    <message>
        <source>PLY, binary, with colour</source>
        <translation>PLY，二进制，带颜色</translation>
    </message>
    <message>
        <source>OBJ, with colour</source>
        <translation>OBJ，带颜色</translation>
    </message>
    <message>
        <source>Export label surfaces</source>
        <translation>导出标签表面</translation>
    </message>
    <message>
        <source>Labels to export</source>
        <translation>要导出的标签</translation>
    </message>
    <message>
        <source>Smooth, by at most half a voxel</source>
        <translation>平滑，偏差不超过半个体素</translation>
    </message>
    <message>
        <source>Coordinates are in the patient&apos;s system (LPS), in mm. Each file is read back and compared before it is called saved. Labels that are nowhere in the scan are passed over.</source>
        <translation>坐标采用患者坐标系（LPS），单位 mm。每个文件写入后都会读回核对，一致才算保存成功。图像中不存在的标签将被跳过。</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Folder for the surfaces</source>
        <translation>表面文件的保存位置</translation>
    </message>
    <message>
        <source> and {count} more</source>
        <translation>等另外 {count} 个</translation>
    </message>
    <message>
        <source>Choose an ONNX file of a network that segments, or the folder of a MONAI bundle or of an nnU-Net model that holds one; or, of any task, the folder of a model with a manifest.json of its own. You can also drop it here.</source>
        <translation>选择一个分割网络的 ONNX 文件，或含有它的 MONAI bundle 或 nnU-Net 模型的文件夹；其他任务则选择自带 manifest.json 的模型文件夹。也可以拖放到这里。</translation>
    </message>
    <message>
        <source>Plain ONNX file</source>
        <translation>普通 ONNX 文件</translation>
    </message>
    <message>
        <source>MONAI bundle</source>
        <translation>MONAI bundle</translation>
    </message>
    <message>
        <source>nnU-Net model</source>
        <translation>nnU-Net 模型</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>classification</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>detection</source>
        <translation>检测</translation>
    </message>
    <message>
        <source>enhancement</source>
        <translation>增强</translation>
    </message>
    <message>
        <source>translation into another contrast</source>
        <translation>转换为另一种对比</translation>
    </message>
    <message>
        <source>clicks</source>
        <translation>点击</translation>
    </message>
    <message>
        <source>Add a model</source>
        <translation>添加模型</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>文件夹…</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Add the model</source>
        <translation>添加此模型</translation>
    </message>
    <message>
        <source>{title} {version}, for {task}</source>
        <translation>{title} {version}，用于{task}</translation>
    </message>
    <message>
        <source>Made for {modalities}</source>
        <translation>适用于 {modalities}</translation>
    </message>
    <message>
        <source>Its own manifest says all that is needed, and its files are those that it means.</source>
        <translation>它自己的清单说明了所需的一切，其文件也正是清单所指的文件。</translation>
    </message>
    <message>
        <source>Licence of the code: {code}; of the weights: {weights}</source>
        <translation>代码许可：{code}；权重许可：{weights}</translation>
    </message>
    <message>
        <source>Labels: {labels}</source>
        <translation>标签：{labels}</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>how lists show it, e.g. Spleen on CT</source>
        <translation>在列表中的名称，例如：CT 脾脏</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>one sentence; may be empty</source>
        <translation>一句话；可以为空</translation>
    </message>
    <message>
        <source>Licence of the code</source>
        <translation>代码许可证</translation>
    </message>
    <message>
        <source>Licence of the weights</source>
        <translation>权重许可证</translation>
    </message>
    <message>
        <source>Please say</source>
        <translation>请填写</translation>
    </message>
    <message>
        <source>Known from the files</source>
        <translation>文件中已说明</translation>
    </message>
    <message>
        <source>{kind}: {file}, {size}, opset {opset}{producer}</source>
        <translation>{kind}：{file}，{size}，opset {opset}{producer}</translation>
    </message>
    <message>
        <source>Takes {input}, gives {output}</source>
        <translation>输入 {input}，输出 {output}</translation>
    </message>
    <message>
        <source>Its {n} folds become one model: its answer is their mean.</source>
        <translation>其 {n} 个折（fold）合为一个模型：结果取各折的平均。</translation>
    </message>
    <message>
        <source>Sizes are padded to multiples of {n}.</source>
        <translation>尺寸会补齐为 {n} 的倍数。</translation>
    </message>
    <message>
        <source>The first of its {n} outputs is used.</source>
        <translation>使用其 {n} 个输出中的第一个。</translation>
    </message>
    <message>
        <source>Its weights are in {files}: they are copied into the model.</source>
        <translation>其权重在 {files} 中：会复制到模型里。</translation>
    </message>
    <message>
        <source>from the network</source>
        <translation>来自网络</translation>
    </message>
    <message>
        <source>from {file}</source>
        <translation>来自 {file}</translation>
    </message>
    <message>
        <source>proposed: check it</source>
        <translation>建议值：请核对</translation>
    </message>
    <message>
        <source>please say</source>
        <translation>请填写</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Still to be said: {what}</source>
        <translation>尚待填写：{what}</translation>
    </message>
    <message>
        <source>An ONNX file</source>
        <translation>ONNX 文件</translation>
    </message>
    <message>
        <source>ONNX files (*.onnx)</source>
        <translation>ONNX 文件 (*.onnx)</translation>
    </message>
    <message>
        <source>The folder of a model</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>any</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>{n:.0f} MB</source>
        <translation>{n:.0f} MB</translation>
    </message>
    <message>
        <source>{n:.1f} MB</source>
        <translation>{n:.1f} MB</translation>
    </message>
    <message>
        <source>{names}{more}: there already. Replace?</source>
        <translation>{names}{more}：已存在。要替换吗？</translation>
    </message>
    <message>
        <source>Nothing was exported: these labels are nowhere in the scan</source>
        <translation>未导出任何内容：图像中不存在这些标签</translation>
    </message>
    <message>
        <source>Saved {name}{more}, read back and compared</source>
        <translation>已保存 {name}{more}，并已读回核对</translation>
    </message>
    <message>
        <source>Exporting surfaces</source>
        <translation>正在导出表面</translation>
    </message>
    <message>
        <source>Soft tissue</source>
        <translation>软组织</translation>
    </message>
    <message>
        <source>Lung</source>
        <translation>肺</translation>
    </message>
    <message>
        <source>Bone</source>
        <translation>骨</translation>
    </message>
    <message>
        <source>Brain</source>
        <translation>脑</translation>
    </message>
    <message>
        <source>Abdomen</source>
        <translation>腹部</translation>
    </message>
    <message>
        <source>Mediastinum</source>
        <translation>纵隔</translation>
    </message>
    <message>
        <source>Liver</source>
        <translation>肝脏</translation>
    </message>
    <message>
        <source>Stroke</source>
        <translation>脑卒中</translation>
    </message>
    <message>
        <source>Angiography</source>
        <translation>血管造影</translation>
    </message>
    <message>
        <source>Bone and vessels</source>
        <translation>骨和血管</translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation>血管</translation>
    </message>
    <message>
        <source>Skin</source>
        <translation>皮肤</translation>
    </message>
    <message>
        <source>Airways</source>
        <translation>气道</translation>
    </message>
    <message>
        <source>MIP</source>
        <translation>MIP</translation>
    </message>
    <message>
        <source>Tissue</source>
        <translation>组织</translation>
    </message>
    <message>
        <source>Translucent</source>
        <translation>半透明</translation>
    </message>
    <message>
        <source>Bright vessels</source>
        <translation>亮血管</translation>
    </message>
    <message>
        <source>MIP, hot metal</source>
        <translation>MIP（热金属）</translation>
    </message>
    <message>
        <source>Hot spots</source>
        <translation>高摄取灶</translation>
    </message>
    <message>
        <source>Grey</source>
        <translation>灰阶</translation>
    </message>
    <message>
        <source>Hot iron</source>
        <translation>热铁</translation>
    </message>
    <message>
        <source>PET</source>
        <translation>PET</translation>
    </message>
    <message>
        <source>Hot metal blue</source>
        <translation>热金属蓝</translation>
    </message>
    <message>
        <source>PET, 20 steps</source>
        <translation>PET 20 阶</translation>
    </message>
    <message>
        <source>Viridis</source>
        <translation>Viridis</translation>
    </message>
    <message>
        <source>Inferno</source>
        <translation>Inferno</translation>
    </message>
    <message>
        <source>Masks: a colour for each value</source>
        <translation>掩膜：每个值一种颜色</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>掩膜</translation>
    </message>
    <message>
        <source>axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>MinIP</source>
        <translation>MinIP</translation>
    </message>
    <message>
        <source>mm</source>
        <translation>mm</translation>
    </message>
    <message>
        <source>px</source>
        <translation>px</translation>
    </message>
    <message>
        <source>mm at detector</source>
        <translation>mm（探测器）</translation>
    </message>
    <message>
        <source>Overlay</source>
        <translation>叠加序列</translation>
    </message>
    <message>
        <source>Region 1</source>
        <translation>区域 1</translation>
    </message>
    <message>
        <source>Region 2</source>
        <translation>区域 2</translation>
    </message>
    <message>
        <source>Region 3</source>
        <translation>区域 3</translation>
    </message>
    <message>
        <source>Brain structures, head MR</source>
        <translation>脑结构（头部 MR）</translation>
    </message>
    <message>
        <source>29 structures of the brain on head MR, best on T1-weighted scans; learnt from synthetic images alone (SynthSeg&apos;s method). Not for diagnostic use.</source>
        <translation>在头部 MR 上分割 29 个脑结构，T1 加权像效果最佳；仅用合成图像训练（SynthSeg 方法）。非诊断用途。</translation>
    </message>
    <message>
        <source>Left cerebral white matter</source>
        <translation>左侧大脑白质</translation>
    </message>
    <message>
        <source>Right cerebral white matter</source>
        <translation>右侧大脑白质</translation>
    </message>
    <message>
        <source>Left cerebral cortex</source>
        <translation>左侧大脑皮质</translation>
    </message>
    <message>
        <source>Right cerebral cortex</source>
        <translation>右侧大脑皮质</translation>
    </message>
    <message>
        <source>Left lateral ventricle</source>
        <translation>左侧侧脑室</translation>
    </message>
    <message>
        <source>Right lateral ventricle</source>
        <translation>右侧侧脑室</translation>
    </message>
    <message>
        <source>Left cerebellar white matter</source>
        <translation>左侧小脑白质</translation>
    </message>
    <message>
        <source>Right cerebellar white matter</source>
        <translation>右侧小脑白质</translation>
    </message>
    <message>
        <source>Left cerebellar cortex</source>
        <translation>左侧小脑皮质</translation>
    </message>
    <message>
        <source>Right cerebellar cortex</source>
        <translation>右侧小脑皮质</translation>
    </message>
    <message>
        <source>Left thalamus</source>
        <translation>左侧丘脑</translation>
    </message>
    <message>
        <source>Right thalamus</source>
        <translation>右侧丘脑</translation>
    </message>
    <message>
        <source>Left caudate nucleus</source>
        <translation>左侧尾状核</translation>
    </message>
    <message>
        <source>Right caudate nucleus</source>
        <translation>右侧尾状核</translation>
    </message>
    <message>
        <source>Left putamen</source>
        <translation>左侧壳核</translation>
    </message>
    <message>
        <source>Right putamen</source>
        <translation>右侧壳核</translation>
    </message>
    <message>
        <source>Left globus pallidus</source>
        <translation>左侧苍白球</translation>
    </message>
    <message>
        <source>Right globus pallidus</source>
        <translation>右侧苍白球</translation>
    </message>
    <message>
        <source>Left hippocampus</source>
        <translation>左侧海马</translation>
    </message>
    <message>
        <source>Right hippocampus</source>
        <translation>右侧海马</translation>
    </message>
    <message>
        <source>Left amygdala</source>
        <translation>左侧杏仁核</translation>
    </message>
    <message>
        <source>Right amygdala</source>
        <translation>右侧杏仁核</translation>
    </message>
    <message>
        <source>Left nucleus accumbens</source>
        <translation>左侧伏隔核</translation>
    </message>
    <message>
        <source>Right nucleus accumbens</source>
        <translation>右侧伏隔核</translation>
    </message>
    <message>
        <source>Left ventral diencephalon</source>
        <translation>左侧腹侧间脑</translation>
    </message>
    <message>
        <source>Right ventral diencephalon</source>
        <translation>右侧腹侧间脑</translation>
    </message>
    <message>
        <source>Third ventricle</source>
        <translation>第三脑室</translation>
    </message>
    <message>
        <source>Fourth ventricle</source>
        <translation>第四脑室</translation>
    </message>
    <message>
        <source>Brainstem</source>
        <translation>脑干</translation>
    </message>
    <message>
        <source>Hippocampus, head MR</source>
        <translation>海马，头部 MR</translation>
    </message>
    <message>
        <source>Anterior and posterior hippocampus on T1-weighted MR about the hippocampus.</source>
        <translation>T1 加权 MR 上海马周围的海马前部与后部。</translation>
    </message>
    <message>
        <source>Anterior hippocampus</source>
        <translation>海马前部</translation>
    </message>
    <message>
        <source>Posterior hippocampus</source>
        <translation>海马后部</translation>
    </message>
    <message>
        <source>Segment, correct some slices and confirm them ({Labels/Confirm the slice}). Then the model can learn from them.</source>
        <translation>请先分割，修正一些层面并确认（{Labels/Confirm the slice}），模型即可从中学习。</translation>
    </message>
    <message>
        <source>The model learns from the slices on which each of its findings is answered, and from others that nobody has answered; some patients are held out to measure the gain. It needs three patients at least.</source>
        <translation>模型从其每个征象都已回答的层面学习，也从没有人回答的层面学习；部分患者被留出以测量增益。至少需要三名患者。</translation>
    </message>
    <message>
        <source>The model learns from the boxes that you drew, and from slices that nobody has looked at; some patients are held out to measure the gain. It needs three patients with boxes at least.</source>
        <translation>模型从您画的框学习，也从没有人看过的层面学习；部分患者被留出以测量增益。至少需要三名有框的患者。</translation>
    </message>
    <message>
        <source>Current</source>
        <translation>当前模型</translation>
    </message>
    <message>
        <source>Semi-supervised</source>
        <translation>半监督</translation>
    </message>
    <message>
        <source>Supervised</source>
        <translation>监督</translation>
    </message>
    <message>
        <source>Gain, 95 % interval: {interval}</source>
        <translation>提升，95 % 区间：{interval}</translation>
    </message>
    <message>
        <source>Preparing the training data…</source>
        <translation>正在准备训练数据…</translation>
    </message>
    <message>
        <source>Paused.</source>
        <translation>已暂停。</translation>
    </message>
    <message>
        <source>Stopping: what was learnt so far is compared…</source>
        <translation>正在停止：对已学到的内容进行比较…</translation>
    </message>
    <message>
        <source>Installing the new model…</source>
        <translation>正在安装新模型…</translation>
    </message>
    <message>
        <source>The new model is in use. “Roll back” makes the earlier one active again.</source>
        <translation>新模型已启用。点击“恢复旧版本”可重新使用之前的模型。</translation>
    </message>
    <message>
        <source>The current model was kept.</source>
        <translation>已保留当前模型。</translation>
    </message>
    <message>
        <source>Training steps of the new model and of its twin; more take longer and may learn more</source>
        <translation>新模型和对照模型的训练步数；步数越多耗时越长，可能学得更好</translation>
    </message>
    <message>
        <source>Look for better settings first</source>
        <translation>先寻找更好的设置</translation>
    </message>
    <message>
        <source>Tries {count} settings on parts of the patients to train on, and takes others than the usual ones only for a gain that is not chance. It takes several times as long as the training, and six annotated patients.</source>
        <translation>在用于训练的患者的各部分上试验 {count} 组设置，仅当增益并非偶然时才采用不同于常规的设置。所需时间是训练的数倍，并需要六名已标注的患者。</translation>
    </message>
    <message>
        <source>Choose what to train…</source>
        <translation>选择训练内容…</translation>
    </message>
    <message>
        <source>Another task, a new model, which labels, and from which scans</source>
        <translation>另一任务、新模型、哪些标签、来自哪些扫描</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>End early; what was learnt so far is still compared with the current model</source>
        <translation>提前结束；仍会将已学到的内容与当前模型比较</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>提升</translation>
    </message>
    <message>
        <source>Side by side…</source>
        <translation>并排显示…</translation>
    </message>
    <message>
        <source>Held-out slices with your labels, the current model&apos;s and the new one&apos;s</source>
        <translation>留出的层面，带有您的标签、当前模型的标签和新模型的标签</translation>
    </message>
    <message>
        <source>Comparison on held-out slices</source>
        <translation>在留出层面上的比较</translation>
    </message>
    <message>
        <source>By structure and case</source>
        <translation>按结构和病例</translation>
    </message>
    <message>
        <source>Comparison by structure and case</source>
        <translation>按结构和病例比较</translation>
    </message>
    <message>
        <source>Use new model</source>
        <translation>启用新模型</translation>
    </message>
    <message>
        <source>Keep current</source>
        <translation>保留当前</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续训练</translation>
    </message>
    <message>
        <source>Go on from the last checkpoint; the result is as if it had never been interrupted</source>
        <translation>从上一个检查点继续；结果与未中断时相同</translation>
    </message>
    <message>
        <source>Give this training up; the current model stays in use</source>
        <translation>放弃本次训练；继续使用当前模型</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>As many steps as fit into that time, by a few that are timed first</source>
        <translation>在该时间内能完成的步数，先计时几步来推算</translation>
    </message>
    <message>
        <source>Minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>How long the training is: by steps or by minutes</source>
        <translation>训练的长度：按步数或按分钟</translation>
    </message>
    <message>
        <source>The chosen model is of a kind that is not trained here: choose what to train.</source>
        <translation>所选模型的类型不能在此训练：请选择训练内容。</translation>
    </message>
    <message>
        <source>The model learns from the confirmed slices of all scans; some are held out to measure the gain.</source>
        <translation>模型从所有扫描的已确认切片中学习；其中一部分留作测量提升之用。</translation>
    </message>
    <message>
        <source>It learns from slices nobody has labelled, too.</source>
        <translation>它也从无人标注的切片中学习。</translation>
    </message>
    <message>
        <source>New model {title}: {labels}</source>
        <translation>新模型 {title}：{labels}</translation>
    </message>
    <message>
        <source>scans left out: {n}</source>
        <translation>排除的扫描：{n}</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Version {version} is in use.</source>
        <translation>正在使用版本 {version}。</translation>
    </message>
    <message>
        <source>The new model is in use: it stands in the list of models.</source>
        <translation>新模型已启用：它在模型列表中。</translation>
    </message>
    <message>
        <source>The new model was discarded.</source>
        <translation>新模型已丢弃。</translation>
    </message>
    <message>
        <source>The training is getting ready…</source>
        <translation>训练正在准备…</translation>
    </message>
    <message>
        <source>Looking for better settings · {time} left</source>
        <translation>正在寻找更好的设置 · 剩余 {time}</translation>
    </message>
    <message>
        <source>{labelled} labelled and {unlabelled} unlabelled slices; {held_out} held out. Device: {device}.</source>
        <translation>有标注层面 {labelled} 个，无标注层面 {unlabelled} 个，留出 {held_out} 个。设备：{device}。</translation>
    </message>
    <message>
        <source> · {time} left</source>
        <translation> · 剩余 {time}</translation>
    </message>
    <message>
        <source>{model}, step {step} of {steps}{left}</source>
        <translation>{model}，第 {step} / {steps} 步{left}</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>labelled</source>
        <translation>有标注</translation>
    </message>
    <message>
        <source>unlabelled</source>
        <translation>无标注</translation>
    </message>
    <message>
        <source>twin</source>
        <translation>对照</translation>
    </message>
    <message>
        <source>training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>held out</source>
        <translation>留出</translation>
    </message>
    <message>
        <source>Pseudo-labels</source>
        <translation>伪标签</translation>
    </message>
    <message>
        <source>share used</source>
        <translation>使用比例</translation>
    </message>
    <message>
        <source>weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>95 % interval: {interval}</source>
        <translation>95% 区间：{interval}</translation>
    </message>
    <message>
        <source>Measured on too little for an interval</source>
        <translation>测量数据过少，无法给出区间</translation>
    </message>
    <message>
        <source>Use new anyway</source>
        <translation>仍启用新模型</translation>
    </message>
    <message>
        <source>By label</source>
        <translation>按标签</translation>
    </message>
    <message>
        <source>Compared on held-out {unit} after {minutes:.1f} min. The choice is yours.</source>
        <translation>已在留出的{unit}上比较，用时 {minutes:.1f} 分钟。由您决定。</translation>
    </message>
    <message>
        <source>Held out</source>
        <translation>留出</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} 至 {high}</translation>
    </message>
    <message>
        <source>{s:.0f} s</source>
        <translation>{s:.0f} 秒</translation>
    </message>
    <message>
        <source>{min:.0f} min</source>
        <translation>{min:.0f} 分钟</translation>
    </message>
    <message>
        <source>Opacity and colour of the values</source>
        <translation>数值的不透明度和颜色</translation>
    </message>
    <message>
        <source>Colour of this value</source>
        <translation>该数值的颜色</translation>
    </message>
    <message>
        <source>Colour…</source>
        <translation>颜色…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>opacity {percent:.3g} %</source>
        <translation>不透明度 {percent:.3g} %</translation>
    </message>
    <message>
        <source>From the front (anterior)</source>
        <translation>从前方（A）</translation>
    </message>
    <message>
        <source>From behind (posterior)</source>
        <translation>从后方（P）</translation>
    </message>
    <message>
        <source>From the patient&apos;s left</source>
        <translation>从患者左侧</translation>
    </message>
    <message>
        <source>From the patient&apos;s right</source>
        <translation>从患者右侧</translation>
    </message>
    <message>
        <source>From the head (superior)</source>
        <translation>从头侧（H）</translation>
    </message>
    <message>
        <source>From the feet (inferior)</source>
        <translation>从足侧（F）</translation>
    </message>
    <message>
        <source>Preparing the 3-D view…</source>
        <translation>正在准备三维视图…</translation>
    </message>
    <message>
        <source>Scan in 3-D</source>
        <translation>三维体绘制</translation>
    </message>
    <message>
        <source>Label surfaces in 3-D</source>
        <translation>三维标签表面</translation>
    </message>
    <message>
        <source>Spin</source>
        <translation>自动旋转</translation>
    </message>
    <message>
        <source>3-D settings…</source>
        <translation>三维设置…</translation>
    </message>
    <message>
        <source>Opacity and colours, cuts, labels</source>
        <translation>不透明度和颜色、切割、标签</translation>
    </message>
    <message>
        <source>3-D view</source>
        <translation>三维视图</translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation>复制图像</translation>
    </message>
    <message>
        <source>Save picture…</source>
        <translation>保存图像…</translation>
    </message>
    <message>
        <source>Save picture with the patient&apos;s name…</source>
        <translation>保存图像（含患者姓名）…</translation>
    </message>
    <message>
        <source>Export label surfaces…</source>
        <translation>导出标签表面…</translation>
    </message>
    <message>
        <source>Reset 3-D view</source>
        <translation>重置三维视图</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Glass around labels</source>
        <translation>标签周围玻璃效果</translation>
    </message>
    <message>
        <source>Picture copied, without the patient&apos;s name</source>
        <translation>图像已复制，不含患者姓名</translation>
    </message>
    <message>
        <source>Save picture</source>
        <translation>保存图像</translation>
    </message>
    <message>
        <source>{name} could not be written</source>
        <translation>无法写入 {name}</translation>
    </message>
    <message>
        <source>{name} came back with other pixels than were written; nothing was saved</source>
        <translation>{name} 读回的像素与写入的不同，未保存</translation>
    </message>
    <message>
        <source>Saved {name}</source>
        <translation>已保存 {name}</translation>
    </message>
    <message>
        <source>Saving the picture</source>
        <translation>正在保存图像</translation>
    </message>
    <message>
        <source>A single image has no 3-D view.</source>
        <translation>单幅图像没有三维视图。</translation>
    </message>
    <message>
        <source>Colours have no 3-D view.</source>
        <translation>彩色图像没有三维视图。</translation>
    </message>
    <message>
        <source>3-D stays at {moment}</source>
        <translation>三维停留在 {moment}</translation>
    </message>
    <message>
        <source>Glass</source>
        <translation>玻璃效果</translation>
    </message>
    <message>
        <source>, changed</source>
        <translation>，已修改</translation>
    </message>
    <message>
        <source>{look} · parts cut away</source>
        <translation>{look} · 已切除部分</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>右</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>左</translation>
    </message>
    <message>
        <source>Front</source>
        <translation>前</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>后</translation>
    </message>
    <message>
        <source>Feet</source>
        <translation>足侧</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>头侧</translation>
    </message>
    <message>
        <source>1st axis, from</source>
        <translation>第 1 轴，从</translation>
    </message>
    <message>
        <source>1st axis, to</source>
        <translation>第 1 轴，至</translation>
    </message>
    <message>
        <source>2nd axis, from</source>
        <translation>第 2 轴，从</translation>
    </message>
    <message>
        <source>2nd axis, to</source>
        <translation>第 2 轴，至</translation>
    </message>
    <message>
        <source>3rd axis, from</source>
        <translation>第 3 轴，从</translation>
    </message>
    <message>
        <source>3-D settings</source>
        <translation>三维设置</translation>
    </message>
    <message>
        <source>Cut</source>
        <translation>切割</translation>
    </message>
    <message>
        <source>Look of the scan</source>
        <translation>体绘制外观</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>The preset as it was</source>
        <translation>恢复为原来的预设</translation>
    </message>
    <message>
        <source>As of glass while label surfaces are shown</source>
        <translation>显示标签表面时采用玻璃效果</translation>
    </message>
    <message>
        <source>Drag a point, or all of them by dragging beside one. Double click: a new point, or the colour of one. Del removes, arrows move, the wheel magnifies.</source>
        <translation>拖动一个点，或在点旁拖动以移动全部。双击：新增点，或设置该点颜色。Del 移除，方向键移动，滚轮缩放。</translation>
    </message>
    <message>
        <source>Box along the patient&apos;s axes</source>
        <translation>沿患者坐标轴的方框</translation>
    </message>
    <message>
        <source>Turn</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Tilt</source>
        <translation>倾斜</translation>
    </message>
    <message>
        <source>Depth</source>
        <translation>深度</translation>
    </message>
    <message>
        <source>Facing me</source>
        <translation>面向我</translation>
    </message>
    <message>
        <source>At the cross-hair</source>
        <translation>通过十字线</translation>
    </message>
    <message>
        <source>Other side</source>
        <translation>翻转到另一侧</translation>
    </message>
    <message>
        <source>In the picture: Ctrl + drag turns the plane, Ctrl + wheel moves it.</source>
        <translation>在图像中：Ctrl + 拖动旋转平面，Ctrl + 滚轮移动平面。</translation>
    </message>
    <message>
        <source>Show slices where the scan is cut</source>
        <translation>在切面上显示断层图像</translation>
    </message>
    <message>
        <source>Cut the label surfaces too</source>
        <translation>同时切割标签表面</translation>
    </message>
    <message>
        <source>Whole scan</source>
        <translation>完整显示</translation>
    </message>
    <message>
        <source>Label surfaces</source>
        <translation>标签表面</translation>
    </message>
    <message>
        <source>Opacity of the selected surfaces</source>
        <translation>所选表面的不透明度</translation>
    </message>
    <message>
        <source>The opacity of the surfaces, kept with the labels. Select several to change them at once.</source>
        <translation>表面的不透明度随标签一起保存。可选择多个同时修改。</translation>
    </message>
    <message>
        <source>That changes nothing of the label {name}</source>
        <translation>标签 {name} 没有任何变化</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>扩大</translation>
    </message>
    <message>
        <source>Adds all voxels within the margin that are no other label&apos;s.</source>
        <translation>加入边距以内不属于其他标签的所有体素。</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>边距</translation>
    </message>
    <message>
        <source>That changes nothing of the label {name}: its voxels are {size} mm</source>
        <translation>标签 {name} 没有变化：其体素大小为 {size} mm</translation>
    </message>
    <message>
        <source>The label {name} stays as it is: nothing of it would be left (its voxels are {size} mm)</source>
        <translation>标签 {name} 保持不变：否则将一点不剩（其体素大小为 {size} mm）</translation>
    </message>
    <message>
        <source>Between slices of the scan can be filled, between oblique planes not: choose a pane that is not turned, or {Display/Planes along the scan}</source>
        <translation>只能在扫描的层面之间填充，不能在斜面之间填充：请选择未旋转的窗格，或 {Display/Planes along the scan}</translation>
    </message>
    <message>
        <source>Nothing grew: paint a little of each structure first, and of what is around them with a label of its own</source>
        <translation>没有生长：请先在每个结构上各画少许，周围组织也用一个单独的标签画上少许</translation>
    </message>
    <message>
        <source>Shrink</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Takes away all voxels within the margin of what is not the label.</source>
        <translation>去掉距标签以外不足边距的所有体素。</translation>
    </message>
    <message>
        <source>Hollow out, shell within the surface</source>
        <translation>掏空，壳在表面以内</translation>
    </message>
    <message>
        <source>Leaves a shell: its outer side is where the label&apos;s surface is.</source>
        <translation>只留一层壳：其外侧即标签的表面。</translation>
    </message>
    <message>
        <source>Thickness</source>
        <translation>厚度</translation>
    </message>
    <message>
        <source>Hollow out, shell about the surface</source>
        <translation>掏空，壳在表面两侧</translation>
    </message>
    <message>
        <source>Leaves a shell: half of it lies within the label&apos;s surface, half around it.</source>
        <translation>只留一层壳：一半在标签表面以内，一半在其外。</translation>
    </message>
    <message>
        <source>Hollow out, shell around the surface</source>
        <translation>掏空，壳在表面以外</translation>
    </message>
    <message>
        <source>Leaves a shell: its inner side is where the label&apos;s surface is.</source>
        <translation>只留一层壳：其内侧即标签的表面。</translation>
    </message>
    <message>
        <source>Smooth: median</source>
        <translation>平滑：中值</translation>
    </message>
    <message>
        <source>Each voxel becomes as most of its neighbours are: takes spikes and fills notches, and keeps the size.</source>
        <translation>每个体素与其周围多数体素一致：去除尖刺，填平缺口，大小不变。</translation>
    </message>
    <message>
        <source>Reach</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Smooth: Gaussian</source>
        <translation>平滑：高斯</translation>
    </message>
    <message>
        <source>Rounds edges and corners; what is thin gets thinner.</source>
        <translation>使棱角圆滑；细薄处会变得更薄。</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>Smooth: opening</source>
        <translation>平滑：开运算</translation>
    </message>
    <message>
        <source>Takes away spikes and bridges that a ball of this radius does not fit into.</source>
        <translation>去除此半径的球放不进的尖刺和连接。</translation>
    </message>
    <message>
        <source>Radius</source>
        <translation>半径</translation>
    </message>
    <message>
        <source>Smooth: closing</source>
        <translation>平滑：闭运算</translation>
    </message>
    <message>
        <source>Fills notches and gaps that a ball of this radius does not fit into.</source>
        <translation>填平此半径的球放不进的缺口和间隙。</translation>
    </message>
    <message>
        <source>Remove small parts</source>
        <translation>去除小部分</translation>
    </message>
    <message>
        <source>Takes away the parts that do not touch others and are smaller than this.</source>
        <translation>去除与其他部分不相连且小于此值的部分。</translation>
    </message>
    <message>
        <source>Smaller than</source>
        <translation>小于</translation>
    </message>
    <message>
        <source>Shape of the label…</source>
        <translation>标签的形状…</translation>
    </message>
    <message>
        <source>Keep the largest part of the label</source>
        <translation>保留标签的最大部分</translation>
    </message>
    <message>
        <source>Fill holes in the label</source>
        <translation>填充标签中的孔洞</translation>
    </message>
    <message>
        <source>Fill between the slices of the active plane</source>
        <translation>在活动平面的层面间填充</translation>
    </message>
    <message>
        <source>Grow from seeds</source>
        <translation>由种子生长</translation>
    </message>
    <message>
        <source>All that is painted grows to where the values change most. Paint a little of each structure, and of what is around them with a label of its own; locked labels stay</source>
        <translation>所有已绘制的部分都会生长到灰度变化最大之处。请在每个结构上各画少许，周围组织也用一个单独的标签画上少许；锁定的标签保持不变</translation>
    </message>
    <message>
        <source>These slices make no volume: their labels have no shape in mm</source>
        <translation>这些层面不构成容积：其标签没有以 mm 计的形状</translation>
    </message>
    <message>
        <source>The size of a pixel is not known: nothing can be done in mm</source>
        <translation>像素大小未知：无法以 mm 计进行操作</translation>
    </message>
    <message>
        <source>Shape of the label</source>
        <translation>标签的形状</translation>
    </message>
    <message>
        <source>Add the other label</source>
        <translation>并入另一个标签</translation>
    </message>
    <message>
        <source>Takes all voxels of the other label, which is left empty: a voxel has one label.</source>
        <translation>取走另一个标签的全部体素，该标签随之变空：一个体素只属于一个标签。</translation>
    </message>
    <message>
        <source>Copy the other label</source>
        <translation>复制另一个标签</translation>
    </message>
    <message>
        <source>The label is where the other one was, and nowhere else. The other is left empty: a voxel has one label.</source>
        <translation>标签只位于另一个标签原来的位置。另一个标签随之变空：一个体素只属于一个标签。</translation>
    </message>
    <message>
        <source>Subtract the other label with a margin</source>
        <translation>减去另一个标签及其边距</translation>
    </message>
    <message>
        <source>Takes away what lies within the margin of the other label, which stays as it is.</source>
        <translation>去除位于另一个标签边距以内的部分；另一个标签保持不变。</translation>
    </message>
    <message>
        <source>Intersect with the other label and a margin</source>
        <translation>与另一个标签及其边距求交</translation>
    </message>
    <message>
        <source>Keeps only what lies within the margin of the other label, which stays as it is.</source>
        <translation>只保留位于另一个标签边距以内的部分；另一个标签保持不变。</translation>
    </message>
    <message>
        <source>Invert</source>
        <translation>反转</translation>
    </message>
    <message>
        <source>The label becomes all that has no label now, and what was its own has none.</source>
        <translation>标签变为目前没有标签的所有区域，原来属于它的区域不再有标签。</translation>
    </message>
    <message>
        <source>Combine with another label…</source>
        <translation>与另一个标签组合…</translation>
    </message>
    <message>
        <source>Combine with another label</source>
        <translation>与另一个标签组合</translation>
    </message>
    <message>
        <source>What to do with the label</source>
        <translation>对标签做什么</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Operation</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Other label</source>
        <translation>另一个标签</translation>
    </message>
    <message>
        <source>There is no other label</source>
        <translation>没有其他标签</translation>
    </message>
    <message>
        <source>The other label is locked: its voxels cannot be taken</source>
        <translation>另一个标签已锁定：不能取走其体素</translation>
    </message>
    <message>
        <source>The size of a voxel is not known: nothing can be done in mm</source>
        <translation>体素大小未知：无法以毫米操作</translation>
    </message>
    <message>
        <source>A model&apos;s result waits for you: accept or reject it before you go on</source>
        <translation>模型的结果在等您处理：请先接受或拒绝，再继续</translation>
    </message>
    <message>
        <source>There is no further slice to suggest: open more studies, or choose a slice yourself</source>
        <translation>没有更多层面可建议：请打开更多检查，或自行选择层面</translation>
    </message>
    <message>
        <source>Confirm, and on to the next suggestion</source>
        <translation>确认，并转到下一个建议</translation>
    </message>
    <message>
        <source>Of another patient first, unlike those that are confirmed, where the model is unsure</source>
        <translation>优先其他患者、与已确认者不同、模型不确定的层面</translation>
    </message>
    <message>
        <source>Nothing on this slice: clear and confirm it</source>
        <translation>此层面无内容：清除并确认</translation>
    </message>
    <message>
        <source>Takes all labels off the slice: training learns that nothing is there</source>
        <translation>去掉层面上的所有标签：训练会学到此处无内容</translation>
    </message>
    <message>
        <source>DICOM segmentation</source>
        <translation>DICOM 分割</translation>
    </message>
    <message>
        <source>DICOM segmentation, fractions</source>
        <translation>DICOM 分割（比例）</translation>
    </message>
    <message>
        <source>DICOM segmentation, label map</source>
        <translation>DICOM 分割（标签图）</translation>
    </message>
    <message>
        <source>Radiotherapy structure set</source>
        <translation>放疗结构集</translation>
    </message>
    <message>
        <source>Label map</source>
        <translation>标签图</translation>
    </message>
    <message>
        <source>Annotations (*.dcm *.seg *.nii *.nii.gz *.nrrd *.mha *.mhd);;All files (*)</source>
        <translation>标注 (*.dcm *.seg *.nii *.nii.gz *.nrrd *.mha *.mhd);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Import annotations…</source>
        <translation>导入标注…</translation>
    </message>
    <message>
        <source>Segmentations, structure sets, label maps and measurements onto the open series</source>
        <translation>把分割、结构集、标签图和测量导入到打开的序列</translation>
    </message>
    <message>
        <source>Found on this series:</source>
        <translation>在此序列上找到：</translation>
    </message>
    <message>
        <source>Another file…</source>
        <translation>其他文件…</translation>
    </message>
    <message>
        <source>Import annotations</source>
        <translation>导入标注</translation>
    </message>
    <message>
        <source>Open the series that the annotations belong to first, and wait until all of it is there.</source>
        <translation>请先打开这些标注所属的序列，并等待其全部读入。</translation>
    </message>
    <message>
        <source>Reading annotations</source>
        <translation>正在读取标注</translation>
    </message>
    <message>
        <source>1 measurement imported from {name}</source>
        <translation>已从 {name} 导入 1 个测量</translation>
    </message>
    <message>
        <source>{count} measurements imported from {name}</source>
        <translation>已从 {name} 导入 {count} 个测量</translation>
    </message>
    <message>
        <source>1 is there already.</source>
        <translation>其中 1 个已经存在。</translation>
    </message>
    <message>
        <source>{count} are there already.</source>
        <translation>其中 {count} 个已经存在。</translation>
    </message>
    <message>
        <source>{name}: nothing was imported, as all of it is labelled already</source>
        <translation>{name}：没有导入任何内容，因为这些位置都已有标签</translation>
    </message>
    <message>
        <source>{name}: nothing was imported, as none of it lies in this series</source>
        <translation>{name}：没有导入任何内容，因为其中没有位于本序列内的部分</translation>
    </message>
    <message>
        <source>1 label imported from {name}</source>
        <translation>已从 {name} 导入 1 个标签</translation>
    </message>
    <message>
        <source>{count} labels imported from {name}</source>
        <translation>已从 {name} 导入 {count} 个标签</translation>
    </message>
    <message>
        <source>, resampled</source>
        <translation>，经重采样</translation>
    </message>
    <message>
        <source>; {count:,} voxels were left to other labels</source>
        <translation>；{count:,} 个体素留给了其他标签</translation>
    </message>
    <message>
        <source>Segments to import</source>
        <translation>要导入的分割</translation>
    </message>
    <message>
        <source>Segment {number}</source>
        <translation>分割 {number}</translation>
    </message>
    <message>
        <source>Keep the labels that are there</source>
        <translation>保留已有标签</translation>
    </message>
    <message>
        <source>Replace them, but for locked labels</source>
        <translation>替换（锁定的标签除外）</translation>
    </message>
    <message>
        <source>Resample to this series&apos; grid (nearest voxel)</source>
        <translation>重采样到本序列的网格（最近体素）</translation>
    </message>
    <message>
        <source>Some segments overlap, and a voxel has one label: that of the segment higher in the list. Drag them into another order, or choose fewer.</source>
        <translation>有些分割互相重叠，而一个体素只有一个标签：取列表中靠上的分割。可拖动改变顺序，或少选一些。</translation>
    </message>
    <message>
        <source>It lies on another grid: {reason}.</source>
        <translation>它位于另一网格上：{reason}。</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Where a voxel has a label</source>
        <translation>体素已有标签时</translation>
    </message>
    <message>
        <source>It lies on another grid: say first that it is to be resampled</source>
        <translation>它位于另一网格上：请先选择重采样</translation>
    </message>
    <message>
        <source>{name} · nowhere in this series</source>
        <translation>{name} · 不在本序列内</translation>
    </message>
    <message>
        <source>{count:,} voxels</source>
        <translation>{count:,} 个体素</translation>
    </message>
    <message>
        <source>{count:,} of them shared</source>
        <translation>其中 {count:,} 个与其他共有</translation>
    </message>
    <message>
        <source>{count:,} outside this series</source>
        <translation>{count:,} 个在本序列之外</translation>
    </message>
    <message>
        <source>Tools that draw leave everything else as it is, also in the other slices. The panel Labels changes that; {Labels/Draw everywhere, on all values} ends it.</source>
        <translation>绘制工具不改变其余部分，其他层面也是如此。可在“标签”面板中更改；{Labels/Draw everywhere, on all values} 结束此限制。</translation>
    </message>
    <message>
        <source>Only inside {name}</source>
        <translation>仅 {name} 内</translation>
    </message>
    <message>
        <source>Only what has no label</source>
        <translation>仅无标签处</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>任何区域</translation>
    </message>
    <message>
        <source>Only {values}</source>
        <translation>仅 {values}</translation>
    </message>
    <message>
        <source>DICOM structured report of measurements and findings (*.dcm)</source>
        <translation>测量与所见的 DICOM 结构化报告 (*.dcm)</translation>
    </message>
    <message>
        <source>DICOM key images (*.dcm)</source>
        <translation>DICOM 关键图像 (*.dcm)</translation>
    </message>
    <message>
        <source>DICOM presentation state: window and measurements (*.dcm)</source>
        <translation>DICOM 显示状态：窗宽窗位与测量 (*.dcm)</translation>
    </message>
    <message>
        <source>DICOM picture of the active pane (*.dcm)</source>
        <translation>当前窗格的 DICOM 图片 (*.dcm)</translation>
    </message>
    <message>
        <source>Measurements as JSON (*.json)</source>
        <translation>测量（JSON）(*.json)</translation>
    </message>
    <message>
        <source>Measurements as a table (*.csv)</source>
        <translation>测量（表格）(*.csv)</translation>
    </message>
    <message>
        <source>Export measurements as…</source>
        <translation>导出测量为…</translation>
    </message>
    <message>
        <source>DICOM structured report, key images, presentation state or picture; JSON; table</source>
        <translation>DICOM 结构化报告、关键图像、显示状态或图片；JSON；表格</translation>
    </message>
    <message>
        <source>Your name in reports…</source>
        <translation>报告中您的姓名…</translation>
    </message>
    <message>
        <source>Whom reports and segmentations name as the person who made them</source>
        <translation>报告和分割中写明的制作者</translation>
    </message>
    <message>
        <source>The picture of this pane is still being made: try again in a moment.</source>
        <translation>此窗格的图片仍在生成：请稍后再试。</translation>
    </message>
    <message>
        <source>{name} could not be written: {reason}</source>
        <translation>无法写入 {name}：{reason}</translation>
    </message>
    <message>
        <source>Saved {name}, read back and compared</source>
        <translation>已保存 {name}，并已读回核对</translation>
    </message>
    <message>
        <source>Exporting measurements</source>
        <translation>正在导出测量</translation>
    </message>
    <message>
        <source>Your name, which reports give as the observer (may be empty; {File/Your name in reports…} changes it):</source>
        <translation>您的姓名，将作为观察者写入报告（可留空；可用 {File/Your name in reports…} 更改）：</translation>
    </message>
    <message>
        <source>Who has measured?</source>
        <translation>由谁测量？</translation>
    </message>
    <message>
        <source>Set at least three corners, then double click or press Return</source>
        <translation>请至少设置三个角点，然后双击或按 Return</translation>
    </message>
    <message>
        <source>Nothing was drawn: no voxel&apos;s centre lies inside</source>
        <translation>没有绘制：区域内没有任何体素的中心</translation>
    </message>
    <message>
        <source>Nothing to fill here: there is no value</source>
        <translation>此处无法填充：没有灰度值</translation>
    </message>
    <message>
        <source>Nothing was taken away: the label {name} has no voxel there</source>
        <translation>没有去除：标签{name}在此处没有体素</translation>
    </message>
    <message>
        <source>Classical method (no model is installed for this)</source>
        <translation>传统方法（尚未为此安装模型）</translation>
    </message>
    <message>
        <source>as many as asked</source>
        <translation>达到所要求的层数</translation>
    </message>
    <message>
        <source>as far as the scan goes</source>
        <translation>直到扫描的边缘</translation>
    </message>
    <message>
        <source>up to where the region ends</source>
        <translation>直到区域结束处</translation>
    </message>
    <message>
        <source>up to where the region changes too much to be sure</source>
        <translation>直到区域变化过大、无法确定处</translation>
    </message>
    <message>
        <source>{count} neighbouring slices: {before} in one direction, {after} in the other</source>
        <translation>相邻 {count} 层：一个方向{before}，另一方向{after}</translation>
    </message>
    <message>
        <source>{count} neighbouring slices: {after}</source>
        <translation>相邻 {count} 层：{after}</translation>
    </message>
    <message>
        <source>Nothing changed: all of it is the label {name} already, or is locked or masked</source>
        <translation>没有改变：该区域已全部属于标签{name}，或被锁定或屏蔽</translation>
    </message>
    <message>
        <source>Click the corners</source>
        <translation>单击各个角点</translation>
    </message>
    <message>
        <source>Drag around it</source>
        <translation>拖动圈出</translation>
    </message>
    <message>
        <source>Click points along the edge</source>
        <translation>沿边缘单击各点</translation>
    </message>
    <message>
        <source>Click, or drag up and down for the range</source>
        <translation>单击，或上下拖动改变范围</translation>
    </message>
    <message>
        <source>Click takes the outline</source>
        <translation>单击即取此轮廓</translation>
    </message>
    <message>
        <source>Double click or Return closes</source>
        <translation>双击或按 Return 闭合</translation>
    </message>
    <message>
        <source>Ctrl takes away</source>
        <translation>按住 Ctrl 则去除</translation>
    </message>
    <message>
        <source>Shown on this slice; released, it fills in 3-D</source>
        <translation>此处仅显示本层面；松开后在三维中填充</translation>
    </message>
    <message>
        <source>Map of the slices</source>
        <translation>层面分布图</translation>
    </message>
    <message>
        <source>Slice {number}: confirmed</source>
        <translation>层面 {number}：已确认</translation>
    </message>
    <message>
        <source>Slice {number}: confirmed, nothing here</source>
        <translation>层面 {number}：已确认，无内容</translation>
    </message>
    <message>
        <source>Slice {number}: has labels</source>
        <translation>层面 {number}：有标签</translation>
    </message>
    <message>
        <source>Slice {number}: no labels</source>
        <translation>层面 {number}：无标签</translation>
    </message>
    <message>
        <source>Colours have no values to choose by</source>
        <translation>彩色图像没有可供选择的灰度值</translation>
    </message>
    <message>
        <source>Tools draw on all values again: this scan measures something else than the one before</source>
        <translation>工具重新在所有数值上绘制：此扫描与前一个测量的内容不同</translation>
    </message>
    <message>
        <source>No voxel of these values may become the label {name}</source>
        <translation>没有这些值的体素可成为标签 {name}</translation>
    </message>
    <message>
        <source>Brush as a sphere</source>
        <translation>球形画笔</translation>
    </message>
    <message>
        <source>It draws in the slices around, too; a disc draws on the shown plane only</source>
        <translation>也绘制周围的层面；圆盘只在显示的平面上绘制</translation>
    </message>
    <message>
        <source>Threshold…</source>
        <translation>阈值…</translation>
    </message>
    <message>
        <source>Draw only on what has no label</source>
        <translation>只在无标签处绘制</translation>
    </message>
    <message>
        <source>Draw only inside the chosen label</source>
        <translation>只在所选标签内绘制</translation>
    </message>
    <message>
        <source>Draw everywhere, on all values</source>
        <translation>在任何区域、任何值上绘制</translation>
    </message>
    <message>
        <source>Choose other values, or all of them</source>
        <translation>选择其他数值，或全部数值</translation>
    </message>
    <message>
        <source>Only some values…</source>
        <translation>仅部分数值…</translation>
    </message>
    <message>
        <source>Draw on</source>
        <translation>绘制范围</translation>
    </message>
    <message>
        <source>Draw on values</source>
        <translation>绘制的值范围</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>To</source>
        <translation>至</translation>
    </message>
    <message>
        <source>Tools draw only on these values</source>
        <translation>工具只在这些值上绘制</translation>
    </message>
    <message>
        <source>Voxels of these values are tinted. What is given to the label is one step to undo.</source>
        <translation>这些值的体素会着色显示。归入标签是一步操作，可一次撤销。</translation>
    </message>
    <message>
        <source>Give them to {name}</source>
        <translation>归入 {name}</translation>
    </message>
    <message>
        <source>Yes: {names}</source>
        <translation>是：{names}</translation>
    </message>
    <message>
        <source>No: {names}</source>
        <translation>否：{names}</translation>
    </message>
    <message>
        <source>{count} findings</source>
        <translation>{count} 项所见</translation>
    </message>
    <message>
        <source>Nothing to segment here: there is no value</source>
        <translation>此处无法分割：没有数值</translation>
    </message>
    <message>
        <source>First click what belongs to the structure, or begin on a region of the label</source>
        <translation>请先点击属于该结构的部分，或从标签已有的区域开始</translation>
    </message>
    <message>
        <source>What was found on the other slice was taken: undo takes it back</source>
        <translation>另一层上找到的结果已采用：可用撤销取消</translation>
    </message>
    <message>
        <source>What the clicks had found was dropped, as another series was opened</source>
        <translation>由于打开了另一个序列，点击找到的结果已放弃</translation>
    </message>
    <message>
        <source>Nothing was drawn: the box is too small</source>
        <translation>未绘制：方框太小</translation>
    </message>
    <message>
        <source>Click, or drag along it</source>
        <translation>点击，或沿其拖动</translation>
    </message>
    <message>
        <source>Drag a box around it</source>
        <translation>拖动方框将其围住</translation>
    </message>
    <message>
        <source>With a code other programs know what was asked, for instance 36118008 of SNOMED CT (SCT).</source>
        <translation>有了编码，其他程序就知道所问的是什么，例如 SNOMED CT (SCT) 的 36118008。</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Scheme</source>
        <translation>编码体系</translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation>含义</translation>
    </message>
    <message>
        <source>Probabilities of labels: DICOM segmentation, fractional</source>
        <translation>标签的概率：DICOM 分割（分数型）</translation>
    </message>
    <message>
        <source>For each voxel and label the model&apos;s probability, in steps of 1/255.</source>
        <translation>每个体素、每个标签的模型概率，以 1/255 为步长。</translation>
    </message>
    <message>
        <source>Uncertainty: DICOM parametric map</source>
        <translation>不确定性：DICOM 参数图</translation>
    </message>
    <message>
        <source>For each voxel the entropy of the model&apos;s classes: 0 where it is sure, 1 where it cannot tell.</source>
        <translation>每个体素上模型各类别的熵：0 表示确定，1 表示无法判断。</translation>
    </message>
    <message>
        <source>{model} is run once more. The file belongs to the study: the patient&apos;s name and the study&apos;s data are in it. It is read back and compared before it is called saved.</source>
        <translation>将再次运行{model}。该文件属于此检查：其中含有患者姓名和检查数据。保存前会读回并核对。</translation>
    </message>
    <message>
        <source>Export probabilities and uncertainty…</source>
        <translation>导出概率和不确定性…</translation>
    </message>
    <message>
        <source>Export the synthetic picture as DICOM series…</source>
        <translation>将合成图像导出为 DICOM 序列…</translation>
    </message>
    <message>
        <source>A derived series of the same study, marked as synthetic, in a new folder</source>
        <translation>同一检查的衍生序列，标明为合成，存于新文件夹</translation>
    </message>
    <message>
        <source>The new series gets a folder of its own in…</source>
        <translation>新序列的文件夹将建于…</translation>
    </message>
    <message>
        <source>Saved, read back and compared: {path}</source>
        <translation>已保存，并已读回核对：{path}</translation>
    </message>
    <message>
        <source>Export probabilities and uncertainty</source>
        <translation>导出概率和不确定性</translation>
    </message>
    <message>
        <source>Choose a label.</source>
        <translation>请选择一个标签。</translation>
    </message>
    <message>
        <source>At most {count} labels of a scan of this size can be written at once.</source>
        <translation>对于此大小的扫描，一次最多可写入 {count} 个标签。</translation>
    </message>
    <message>
        <source>AI: {label} {score:.2f}</source>
        <translation>AI：{label} {score:.2f}</translation>
    </message>
    <message>
        <source>No synthetic picture of this series has been made</source>
        <translation>该序列还没有合成图像</translation>
    </message>
    <message>
        <source>A translation shows another contrast: there is no difference to look at</source>
        <translation>转换得到的是另一种对比度：没有可看的差值</translation>
    </message>
    <message>
        <source>Original while the key is held</source>
        <translation>按住按键时显示原图</translation>
    </message>
    <message>
        <source>Held while the original is shown it shows the synthetic picture</source>
        <translation>显示原图时按住则显示合成图像</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>划动对比</translation>
    </message>
    <message>
        <source>Swipe the synthetic picture over the original</source>
        <translation>在原图上划动合成图像</translation>
    </message>
    <message>
        <source>Blink</source>
        <translation>闪烁对比</translation>
    </message>
    <message>
        <source>Blink between the original and the synthetic picture</source>
        <translation>在原图与合成图像之间切换</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>Difference of the synthetic picture</source>
        <translation>合成图像与原图的差值</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>原图</translation>
    </message>
    <message>
        <source>Largest change: {value}</source>
        <translation>最大改变：{value}</translation>
    </message>
    <message>
        <source>Change, root mean square: {value}</source>
        <translation>改变的均方根：{value}</translation>
    </message>
    <message>
        <source>Noise of the original, standard deviation: {value}</source>
        <translation>原图噪声的标准差：{value}</translation>
    </message>
    <message>
        <source>Averaged back to the original&apos;s pixels it differs by {value} (RMS)</source>
        <translation>平均回原图像素后相差 {value}（均方根）</translation>
    </message>
    <message>
        <source>That is {value} of the noise&apos;s standard deviation</source>
        <translation>相当于噪声标准差的 {value} 倍</translation>
    </message>
    <message>
        <source>Largest mean change of 16 × 16 pixels: {value} (0 if only noise went)</source>
        <translation>16 × 16 像素的最大平均改变：{value}（若只去除噪声则为 0）</translation>
    </message>
    <message>
        <source>Neighbouring changes correlate by {value} (0 if only noise went)</source>
        <translation>相邻改变的相关系数为 {value}（若只去除噪声则为 0）</translation>
    </message>
    <message>
        <source>Discard the synthetic picture</source>
        <translation>丢弃合成图像</translation>
    </message>
    <message>
        <source>Synthetic picture</source>
        <translation>合成图像</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>舍弃</translation>
    </message>
    <message>
        <source>It is kept beside the original, which is what is shown, measured and segmented.</source>
        <translation>它保存在原图旁边；显示、测量和分割的都是原图。</translation>
    </message>
    <message>
        <source>Made {made} on {device}, {seconds:.1f} s</source>
        <translation>生成于 {made}，{device}，{seconds:.1f} 秒</translation>
    </message>
    <message>
        <source>No value is changed by more than {bound}: the network&apos;s own bound</source>
        <translation>任何值的改变都不超过 {bound}：网络自身的界限</translation>
    </message>
    <message>
        <source>Another contrast, made up by a model: nothing of it was scanned</source>
        <translation>由模型生成的另一种对比度：没有任何部分是扫描得到的</translation>
    </message>
    <message>
        <source>{percent:.2f} % of the values lie beyond what the model sees; they are as they were</source>
        <translation>{percent:.2f} % 的值在模型可见范围之外；它们保持不变</translation>
    </message>
    <message>
        <source>Original: the synthetic picture is not shown in slabs and turned planes</source>
        <translation>原图：厚层和旋转平面不显示合成图像</translation>
    </message>
    <message>
        <source>AI heat map</source>
        <translation>AI 热图</translation>
    </message>
    <message>
        <source>AI occlusion map</source>
        <translation>AI 遮挡图</translation>
    </message>
    <message>
        <source>Where the model&apos;s score of this class comes from, not why, and no outline of anything. The grey values below are as they were; nothing measures these colours. Small values fade away.</source>
        <translation>显示模型对该类别的评分来自何处，而非原因，也不是任何结构的轮廓。下方灰度值保持不变；这些颜色不参与任何测量。小的数值会淡出。</translation>
    </message>
    <message>
        <source>{kind}: {name} · {model} · where, not why</source>
        <translation>{kind}:{name} · {model} · 只示何处，不示原因</translation>
    </message>
    <message>
        <source>{badge} · mean of {n} time points</source>
        <translation>{badge} · {n} 个时间点的平均</translation>
    </message>
    <message>
        <source>{points:.0f} % lost</source>
        <translation>降低 {points:.0f} %</translation>
    </message>
    <message>
        <source>Propose each voxel&apos;s likeliest label where that is at least so probable. What you see is what you accept.</source>
        <translation>在最可能的标签达到此概率的体素上提议该标签。所见即所接受。</translation>
    </message>
    <message>
        <source>Click a hatched region on a picture to see where it is from, and to accept or reject it alone.</source>
        <translation>在图像上点击带斜纹的区域，可查看其来源，并单独接受或拒绝它。</translation>
    </message>
    <message>
        <source>Proposed labels</source>
        <translation>提议的标签</translation>
    </message>
    <message>
        <source>ml</source>
        <translation>ml</translation>
    </message>
    <message>
        <source>Volume of what is proposed, in millilitres</source>
        <translation>提议部分的体积（毫升）</translation>
    </message>
    <message>
        <source>Mean probability of the label where it is proposed</source>
        <translation>提议处该标签的平均概率</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Accept every label</source>
        <translation>接受每个标签</translation>
    </message>
    <message>
        <source>Tick none: then choose</source>
        <translation>全部不勾选，然后再选择</translation>
    </message>
    <message>
        <source>Probability threshold</source>
        <translation>概率阈值</translation>
    </message>
    <message>
        <source>As the model decides</source>
        <translation>按模型的决定</translation>
    </message>
    <message>
        <source>Probability threshold: as the model decides</source>
        <translation>概率阈值：按模型的决定</translation>
    </message>
    <message>
        <source>Probability threshold: {n:.0f} %</source>
        <translation>概率阈值：{n:.0f} %</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>热图</translation>
    </message>
    <message>
        <source>Occlusion map</source>
        <translation>遮挡图</translation>
    </message>
    <message>
        <source>Of the series: the largest of its slices.</source>
        <translation>序列得分:取各层面的最大值。</translation>
    </message>
    <message>
        <source>Of the series: the mean of its slices.</source>
        <translation>序列得分:取各层面的平均值。</translation>
    </message>
    <message>
        <source>Of the series, which the model sees at once.</source>
        <translation>序列得分:模型一次看到整个序列。</translation>
    </message>
    <message>
        <source>Answer for</source>
        <translation>回答对象</translation>
    </message>
    <message>
        <source>Answers are for the series</source>
        <translation>回答针对整个序列</translation>
    </message>
    <message>
        <source>Answers are for the series and its slices</source>
        <translation>答案针对序列及其切片</translation>
    </message>
    <message>
        <source>Answers are for this slice</source>
        <translation>回答针对此层面</translation>
    </message>
    <message>
        <source>Yes for {yes} slices on which the model finds it, no for {no} others. Slices that are answered already stay as they are. One undo takes all of it back.</source>
        <translation>对模型发现它的 {yes} 个切片回答“是”，对其余 {no} 个回答“否”。已回答的切片保持不变。一次撤销即可全部收回。</translation>
    </message>
    <message>
        <source>Each slice was seen at {n} time points.</source>
        <translation>每个层面在 {n} 个时间点上被观察。</translation>
    </message>
    <message>
        <source>Show the map</source>
        <translation>显示图</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>图</translation>
    </message>
    <message>
        <source>Go to its highest place</source>
        <translation>转到其最高处</translation>
    </message>
    <message>
        <source>Show the place that the score of this class comes from most</source>
        <translation>显示此类别分数最主要的来源位置</translation>
    </message>
    <message>
        <source>Opacity of the map</source>
        <translation>图的不透明度</translation>
    </message>
    <message>
        <source>Check by occlusion</source>
        <translation>用遮挡法核查</translation>
    </message>
    <message>
        <source>Cover one part of this slice after the other and see how the probability changes</source>
        <translation>逐块遮挡此层面，观察概率如何变化</translation>
    </message>
    <message>
        <source>Close the scores</source>
        <translation>关闭评分</translation>
    </message>
    <message>
        <source>Scores</source>
        <translation>评分</translation>
    </message>
    <message>
        <source>{model} · {hash} · {device} · {seconds:.1f} s · {made}</source>
        <translation>{model} · {hash} · {device} · {seconds:.1f} 秒 · {made}</translation>
    </message>
    <message>
        <source>above threshold</source>
        <translation>高于阈值</translation>
    </message>
    <message>
        <source>below threshold</source>
        <translation>低于阈值</translation>
    </message>
    <message>
        <source>{percent:.0f} %, {mark} {threshold:.0f} %</source>
        <translation>{percent:.0f} %,{mark} {threshold:.0f} %</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>Time point</source>
        <translation>时间点</translation>
    </message>
    <message>
        <source>Attention, slice {n}</source>
        <translation>注意力，第 {n} 层</translation>
    </message>
    <message>
        <source>Hide the map</source>
        <translation>隐藏图</translation>
    </message>
    <message>
        <source>This model gives no heat map; occlusion needs none.</source>
        <translation>此模型不提供热图；遮挡法不需要热图。</translation>
    </message>
    <message>
        <source>Slice {n}, windows of {high:.0f} × {wide:.0f} mm: the probability changes by {low} to {top} %.</source>
        <translation>第 {n} 层，窗口 {high:.0f} × {wide:.0f} mm：概率变化 {low} 到 {top} %。</translation>
    </message>
    <message>
        <source>The windows are larger than usual, so that it took less time.</source>
        <translation>窗口比通常大，因此用时较短。</translation>
    </message>
    <message>
        <source>Not found here</source>
        <translation>此处未发现</translation>
    </message>
    <message>
        <source>Your own answer: yes</source>
        <translation>您自己的答案：是</translation>
    </message>
    <message>
        <source>Your own answer: no</source>
        <translation>您自己的答案：否</translation>
    </message>
    <message>
        <source>Agreement with the heat map (rank correlation, 1 is perfect): {agreement:.2f}.</source>
        <translation>与热图的一致性(等级相关，1 为完全一致):{agreement:.2f}。</translation>
    </message>
    <message>
        <source>At most {time}.</source>
        <translation>最多 {time}。</translation>
    </message>
    <message>
        <source>Windows of 1/{n} of the slice&apos;s sides: of 1/{finest} it would take {time}.</source>
        <translation>窗口为层面边长的 1/{n}：若为 1/{finest}，则需要 {time}。</translation>
    </message>
    <message>
        <source>Accepted</source>
        <translation>接受</translation>
    </message>
    <message>
        <source>Rejected</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>AI proposal</source>
        <translation>AI 建议</translation>
    </message>
    <message>
        <source>Nothing of a model is at this place</source>
        <translation>此处没有模型的结果</translation>
    </message>
    <message>
        <source>Nothing is proposed at this place</source>
        <translation>此处没有提议</translation>
    </message>
    <message>
        <source>How sure a model is, is known only until the series is closed: run the model to see it</source>
        <translation>模型的确信程度只在序列关闭前可知：请运行模型查看</translation>
    </message>
    <message>
        <source>This region</source>
        <translation>此区域</translation>
    </message>
    <message>
        <source>All of this label</source>
        <translation>此标签的全部</translation>
    </message>
    <message>
        <source>{n:,} voxels of {name} changed</source>
        <translation>{name} 有 {n:,} 个体素已更改</translation>
    </message>
    <message>
        <source>no voxel of {name} changed</source>
        <translation>{name} 没有体素被更改</translation>
    </message>
    <message>
        <source>By a person</source>
        <translation>由人更改</translation>
    </message>
    <message>
        <source>Uncertainty of the model</source>
        <translation>模型的不确定性</translation>
    </message>
    <message>
        <source>Colours where the model is unsure, over the picture</source>
        <translation>在图像上用颜色标出模型不确定之处</translation>
    </message>
    <message>
        <source>Where is this label from?</source>
        <translation>此标签从何而来？</translation>
    </message>
    <message>
        <source>Accept this region of the proposal</source>
        <translation>接受提议中的此区域</translation>
    </message>
    <message>
        <source>Reject this region of the proposal</source>
        <translation>拒绝提议中的此区域</translation>
    </message>
    <message>
        <source>Entropy of the probabilities that the model gave its labels at each voxel: 0, transparent, is sure of one; 1 holds all for equally likely. A model can be sure and wrong; its card says how often. {AI/Uncertainty of the model} hides it.</source>
        <translation>模型在每个体素上给出的各标签概率的熵：0（透明）表示确信其中之一；1 表示认为各标签同样可能。模型可能确信却出错；其说明卡写明了出错的频率。{AI/Uncertainty of the model} 可将其隐藏。</translation>
    </message>
    <message>
        <source>Proposed, not judged yet</source>
        <translation>已提议，尚未判定</translation>
    </message>
    <message>
        <source>Accepted as the model said it</source>
        <translation>已按模型的结果接受</translation>
    </message>
    <message>
        <source>Drawn by a person</source>
        <translation>由人绘制</translation>
    </message>
    <message>
        <source>Changed by a person; the model said {name}</source>
        <translation>已被人更改；模型的结果是{name}</translation>
    </message>
    <message>
        <source>Erased by a person; the model said {name}</source>
        <translation>已被人擦除；模型的结果是{name}</translation>
    </message>
    <message>
        <source>Uncertainty: not known here, run the model</source>
        <translation>不确定性：此处未知，请运行模型</translation>
    </message>
    <message>
        <source>uncertainty</source>
        <translation>不确定性</translation>
    </message>
    <message>
        <source>AI boxes</source>
        <translation>AI 框</translation>
    </message>
    <message>
        <source>On the slices only: {what}</source>
        <translation>仅在层面上：{what}</translation>
    </message>
    <message>
        <source>Uncertainty: entropy of {n} mirrored copies</source>
        <translation>不确定性：{n} 个镜像副本的熵</translation>
    </message>
    <message>
        <source>Uncertainty: entropy of the model&apos;s probabilities</source>
        <translation>不确定性：模型概率的熵</translation>
    </message>
    <message>
        <source>1 unsure</source>
        <translation>1 不确定</translation>
    </message>
    <message>
        <source>≥ {n:.1f} unsure</source>
        <translation>≥ {n:.1f} 不确定</translation>
    </message>
    <message>
        <source>0 sure</source>
        <translation>0 确定</translation>
    </message>
    <message>
        <source> ({name})</source>
        <translation>（{name}）</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>概率</translation>
    </message>
    <message>
        <source> of {n} mirrored copies</source>
        <translation>（{n} 个镜像副本）</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>not kept</source>
        <translation>未保存</translation>
    </message>
    <message>
        <source>or, elsewhere in this label:</source>
        <translation>或者，在此标签的其他位置：</translation>
    </message>
    <message>
        <source>SHA-256</source>
        <translation>SHA-256</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>生成时间</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Overridden</source>
        <translation>已强制运行</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Scores and answers: DICOM structured report (*.dcm)</source>
        <translation>评分与答案：DICOM 结构化报告 (*.dcm)</translation>
    </message>
    <message>
        <source>Scores and answers as JSON (*.json)</source>
        <translation>评分与答案：JSON (*.json)</translation>
    </message>
    <message>
        <source>Scores and answers as a table (*.csv)</source>
        <translation>评分与答案：表格 (*.csv)</translation>
    </message>
    <message>
        <source>Heat map of {name}: DICOM parametric map (*.dcm)</source>
        <translation>{name}的热图：DICOM 参数图 (*.dcm)</translation>
    </message>
    <message>
        <source>Occlusion map of {name}: DICOM parametric map (*.dcm)</source>
        <translation>{name}的遮挡图：DICOM 参数图 (*.dcm)</translation>
    </message>
    <message>
        <source>Classify the series first.</source>
        <translation>请先对序列进行分类。</translation>
    </message>
    <message>
        <source>Export scores and heat maps…</source>
        <translation>导出评分和热图…</translation>
    </message>
    <message>
        <source>DICOM structured report, JSON or table of the scores; heat maps as DICOM parametric maps</source>
        <translation>评分的 DICOM 结构化报告、JSON 或表格；热图为 DICOM 参数图</translation>
    </message>
    <message>
        <source>Export scores and heat maps</source>
        <translation>导出评分和热图</translation>
    </message>
    <message>
        <source>Cases won and lost</source>
        <translation>变好与变差的病例</translation>
    </message>
    <message>
        <source>won</source>
        <translation>变好</translation>
    </message>
    <message>
        <source>lost</source>
        <translation>变差</translation>
    </message>
    <message>
        <source>equal</source>
        <translation>持平</translation>
    </message>
    <message>
        <source>Slice {n}</source>
        <translation>层面 {n}</translation>
    </message>
    <message>
        <source>Patient {n}</source>
        <translation>患者 {n}</translation>
    </message>
    <message>
        <source>Dice of the current model and of the new one; a click shows the slice</source>
        <translation>当前模型与新模型的 Dice；点击可显示该层面</translation>
    </message>
    <message>
        <source>Dice of the current model and of the new one</source>
        <translation>当前模型与新模型的 Dice</translation>
    </message>
    <message>
        <source>Confirm a second slice: one is learnt from, the other measures the gain.</source>
        <translation>请再确认一个层面：一个用于学习，另一个用于衡量提升。</translation>
    </message>
    <message>
        <source>Confirm one or two slices in another patient: from three patients on, the gain is measured on patients whom the model has not seen.</source>
        <translation>请在另一名患者中确认一两个层面：达到三名患者后，将在模型未见过的患者上衡量提升。</translation>
    </message>
    <message>
        <source>Confirm another slice with {label}: it is on {n} only.</source>
        <translation>请再确认一个含有“{label}”的层面：目前仅有 {n} 个。</translation>
    </message>
    <message>
        <source>Confirm a slice on which nothing is: else the model learns that something is everywhere.</source>
        <translation>请确认一个没有任何结构的层面：否则模型会以为处处都有结构。</translation>
    </message>
    <message>
        <source>Further slices help most in further patients.</source>
        <translation>在更多患者中确认层面最有帮助。</translation>
    </message>
    <message>
        <source>Show which slice next</source>
        <translation>显示下一个建议层面</translation>
    </message>
    <message>
        <source>Confirmed in all scans: slices {slices}, patients {patients}, slices with nothing {empty}.</source>
        <translation>所有扫描中已确认：层面 {slices}，患者 {patients}，无结构层面 {empty}。</translation>
    </message>
    <message>
        <source> and {n} more</source>
        <translation> 等另外 {n} 个</translation>
    </message>
    <message>
        <source>Look at the held-out slices</source>
        <translation>查看留出层面</translation>
    </message>
    <message>
        <source>A held-out slice</source>
        <translation>留出层面</translation>
    </message>
    <message>
        <source>Held-out slices at step {step}{dice}. Outline: yours; area: the model&apos;s.</source>
        <translation>第 {step} 步的留出层面{dice}。轮廓：您的标注；区域：模型的结果。</translation>
    </message>
    <message>
        <source>These slices cannot be read.</source>
        <translation>无法读取这些层面。</translation>
    </message>
    <message>
        <source>Settings tried: {n} of {all}; the best Dice is {best:.3f}, that of the usual ones {usual:.3f}.</source>
        <translation>已试验的设置：{n}/{all}；最佳 Dice 为 {best:.3f}，常规设置为 {usual:.3f}。</translation>
    </message>
    <message>
        <source>Dice of the settings that were tried</source>
        <translation>已试验设置的 Dice</translation>
    </message>
    <message>
        <source>Yours</source>
        <translation>您的</translation>
    </message>
    <message>
        <source>Current model</source>
        <translation>当前模型</translation>
    </message>
    <message>
        <source>New model</source>
        <translation>新模型</translation>
    </message>
    <message>
        <source>Held-out slices side by side</source>
        <translation>并排显示留出的层面</translation>
    </message>
    <message>
        <source>Held-out slice</source>
        <translation>留出的层面</translation>
    </message>
    <message>
        <source>Show in the scan</source>
        <translation>在扫描中显示</translation>
    </message>
    <message>
        <source>Slice {n} of {all}, the greatest loss first. Not for diagnostic use.</source>
        <translation>第 {n} 张，共 {all} 张，损失最大的在前。不用于诊断。</translation>
    </message>
    <message>
        <source>Slice {n} of {all}, the worst first. Not for diagnostic use.</source>
        <translation>第 {n} 张，共 {all} 张，最差的在前。不用于诊断。</translation>
    </message>
    <message>
        <source>Segmentation: structures on confirmed slices</source>
        <translation>分割：已确认层面上的结构</translation>
    </message>
    <message>
        <source>Classification: findings that were answered</source>
        <translation>分类：已回答的征象</translation>
    </message>
    <message>
        <source>Detection: boxes with a label</source>
        <translation>检测：带标签的框</translation>
    </message>
    <message>
        <source>No slice is confirmed yet: draw or correct structures and confirm the slice.</source>
        <translation>尚未确认任何层面：请绘制或改正结构并确认层面。</translation>
    </message>
    <message>
        <source>No finding is answered yet, of a slice or of a scan of one slice: the list is in the panel Findings.</source>
        <translation>尚未回答任何征象（针对层面或单层扫描）：列表在“征象”面板中。</translation>
    </message>
    <message>
        <source>No box has a label yet: draw boxes with the box tool and name what they show.</source>
        <translation>还没有带标签的框：请用框工具画框并命名其内容。</translation>
    </message>
    <message>
        <source>What to train</source>
        <translation>训练内容</translation>
    </message>
    <message>
        <source>Name of the new model</source>
        <translation>新模型的名称</translation>
    </message>
    <message>
        <source>Annotated</source>
        <translation>已标注</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>扫描</translation>
    </message>
    <message>
        <source>Scans to learn from</source>
        <translation>用于学习的扫描</translation>
    </message>
    <message>
        <source>Learn also from scans that nobody has annotated</source>
        <translation>也从没有人标注的扫描学习</translation>
    </message>
    <message>
        <source>A few of the same modality, without labels: semi-supervised</source>
        <translation>少量同一模态、没有标签的扫描：半监督</translation>
    </message>
    <message>
        <source>Files that are not DICOM do not tell what kind of scan they are: you do</source>
        <translation>非 DICOM 文件不会说明自己是哪种扫描：由您来说明</translation>
    </message>
    <message>
        <source>Choose</source>
        <translation>选择</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>New model, from nothing</source>
        <translation>新模型，从零开始</translation>
    </message>
    <message>
        <source>{title}, further</source>
        <translation>{title}，继续训练</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Scan without a name</source>
        <translation>未命名的扫描</translation>
    </message>
    <message>
        <source>The others in the folder {folder} ({n}) are of the same kind of scan</source>
        <translation>文件夹 {folder} 中的其他文件（{n}）是同一种扫描</translation>
    </message>
    <message>
        <source>Choose at least one scan.</source>
        <translation>请至少选择一个扫描。</translation>
    </message>
    <message>
        <source>None of the labels of this model is on a confirmed slice: for {labels} choose a new model.</source>
        <translation>已确认的切片上没有此模型的任何标签：要学习 {labels}，请选择新模型。</translation>
    </message>
    <message>
        <source>Not learnt, so background to the model: {labels}.</source>
        <translation>不学习，因此对模型是背景：{labels}。</translation>
    </message>
    <message>
        <source>{n} of {all} answered slices count: those with an answer to each of the findings.</source>
        <translation>已回答的 {all} 张层面中有 {n} 张计入：每个征象都已回答的。</translation>
    </message>
    <message>
        <source>A slice with a box, or confirmed in a scan with boxes, counts as boxed in full.</source>
        <translation>有框的层面，或有框扫描中已确认的层面，视为已完整画框。</translation>
    </message>
    <message>
        <source>slices {n}</source>
        <translation>层面 {n}</translation>
    </message>
    <message>
        <source>yes {yes}, no {no}</source>
        <translation>是 {yes}，否 {no}</translation>
    </message>
    <message>
        <source>boxes {n}</source>
        <translation>框 {n}</translation>
    </message>
</context>
</TS>
